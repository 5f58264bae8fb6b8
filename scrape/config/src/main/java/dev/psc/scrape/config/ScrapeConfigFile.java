package dev.psc.scrape.config;

import dev.psc.label.LabelSet;
import dev.psc.pprof.format.SampleType;
import dev.psc.scrape.config.internal.YamlNodes;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A strict parser of the scraper's YAML configuration into the jobs that code would build. */
public final class ScrapeConfigFile {

  /** Limit on a file: reading YAML takes some 40 times its size. */
  private static final int MAX_BYTES =
      (int) Math.max(1 << 20, Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 64));

  private static final Logger logger = LoggerFactory.getLogger(ScrapeConfigFile.class);

  private final Map<String, DiscoveryProvider> providers = new LinkedHashMap<>();
  private final Set<String> names = new HashSet<>();

  private ScrapeConfigFile() {
    for (DiscoveryProvider provider : ServiceLoader.load(DiscoveryProvider.class)) {
      providers.put(provider.key(), provider);
    }
  }

  /**
   * Reads a file; relative paths in it are relative to its directory. Warnings are logged.
   *
   * @throws IOException when it cannot be read
   * @throws ConfigException with every problem, each with its position
   */
  public static List<ScrapeJob> read(Path file) throws IOException {
    return read(file, ScrapeConfigFile::log);
  }

  /**
   * Reads a file; relative paths in it are relative to its directory.
   *
   * @param warnings receives settings that are legal but suspicious
   * @throws IOException when it cannot be read
   * @throws ConfigException with every problem, each with its position
   */
  public static List<ScrapeJob> read(Path file, Consumer<ConfigProblem> warnings)
      throws IOException {
    Path absolute = file.toAbsolutePath();
    Path parent = absolute.getParent();
    return parse(text(absolute), file.toString(), parent == null ? absolute : parent, warnings);
  }

  private static String text(Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES + 1);
    }
    if (bytes.length > MAX_BYTES) {
      throw new FileSystemException(
          file.toString(),
          null,
          "is larger than "
              + MAX_BYTES
              + " bytes: list targets in files of file_sd_configs, or raise -Xmx");
    }
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  /**
   * Reads a text. Warnings are logged.
   *
   * @param yaml the configuration
   * @param source names it in messages
   * @param directory what relative paths are relative to
   * @throws ConfigException with every problem, each with its position
   */
  public static List<ScrapeJob> parse(String yaml, String source, Path directory) {
    return parse(yaml, source, directory, ScrapeConfigFile::log);
  }

  /**
   * Reads a text.
   *
   * @param yaml the configuration
   * @param source names it in messages
   * @param directory what relative paths are relative to
   * @param warnings receives settings that are legal but suspicious
   * @throws ConfigException with every problem, each with its position
   */
  public static List<ScrapeJob> parse(
      String yaml, String source, Path directory, Consumer<ConfigProblem> warnings) {
    ConfigProblems problems = new ConfigProblems();
    Optional<ConfigNode> root = YamlNodes.read(yaml, source, directory, problems);
    List<ScrapeJob> jobs = new ArrayList<>();
    if (root.isPresent()) {
      try (Fields fields = root.get().fields()) {
        fields.allow(List.of("object_storage"));
        ScrapeConfigFile reader = new ScrapeConfigFile();
        for (ConfigNode node : fields.items("scrape_configs")) {
          reader.job(node).ifPresent(jobs::add);
        }
      }
    }
    problems.throwIfAny();
    problems.warnings().forEach(warnings);
    return jobs;
  }

  private static void log(ConfigProblem warning) {
    logger.warn("{}", warning);
  }

  /**
   * Returns jobs as YAML with every default filled in, presets expanded and secrets as {@code
   * <secret>}: the effective configuration of a file, or of jobs built in code.
   */
  public static String toYaml(List<ScrapeJob> jobs) {
    return JobWriter.yaml(jobs);
  }

  private Optional<ScrapeJob> job(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String name = fields.requiredText("job_name");
      if (!name.isEmpty() && !names.add(name)) {
        fields
            .value("job_name")
            .ifPresent(at -> at.problem("another job has the name \"" + name + "\""));
      }
      ScrapeJob.Builder job = ScrapeJob.builder(name.isBlank() ? "unnamed" : name);
      each(fields, "scheme", at -> at.text().ifPresent(job::scheme));
      each(fields, "scrape_interval", at -> at.duration().ifPresent(job::interval));
      each(fields, "scrape_timeout", at -> at.duration().ifPresent(job::timeout));
      each(fields, "params", at -> job.params(params(at)));
      each(fields, "external_labels", at -> job.externalLabels(externalLabels(at)));
      each(fields, "body_size_limit", at -> at.sizeBytes().ifPresent(job::bodySizeLimitBytes));
      each(
          fields,
          "inflated_size_limit",
          at -> at.sizeBytes().ifPresent(job::inflatedSizeLimitBytes));
      fields
          .integer("target_limit", 0, Integer.MAX_VALUE)
          .ifPresent(limit -> job.targetLimit(limit.intValue()));
      job.normalizedAddresses(fields.flag("normalized_addresses", false));
      int maxSeries = fields.integer("split_max_series", 1, 100).map(Long::intValue).orElse(20);
      List<String> splitBy = fields.texts("split_by");
      each(fields, "split_by", at -> job.splitBy(maxSeries, splitBy));
      fields.value("profiling_config").ifPresent(at -> profiling(at, job));
      List<RelabelRule> rules = new ArrayList<>();
      each(fields, "kubernetes_preset", at -> rules.addAll(kubernetesPreset(at, job)));
      fields.items("relabel_configs").forEach(at -> rule(at).ifPresent(rules::add));
      job.relabeling(rules);
      discoveries(fields, job);
      job.http(HttpSettingsFields.read(fields));
      ScrapeJob built = job.build();
      JobWarnings.check(built, node, fields);
      return Optional.of(built);
    }
  }

  private interface Use {
    void with(ConfigNode node);
  }

  /** Passes a key's value on; a rejection by the builder becomes a problem of that value. */
  private static void each(Fields fields, String key, Use use) {
    fields.value(key).ifPresent(node -> guarded(node, use));
  }

  private static void guarded(ConfigNode node, Use use) {
    try {
      use.with(node);
    } catch (IllegalArgumentException e) {
      node.problem(String.valueOf(e.getMessage()));
    }
  }

  private static Map<String, List<String>> params(ConfigNode node) {
    Map<String, List<String>> params = new LinkedHashMap<>();
    node.entries()
        .forEach(
            (name, values) -> {
              List<String> texts = new ArrayList<>();
              values.items().forEach(value -> texts.add(value.text().orElse("")));
              params.put(name, texts);
            });
    return params;
  }

  private static LabelSet externalLabels(ConfigNode node) {
    node.entries()
        .forEach(
            (name, value) -> {
              if (name.startsWith("__")) {
                value.keyProblem("an external label must not begin with __");
              }
            });
    return labels(node);
  }

  private static LabelSet labels(ConfigNode node) {
    LabelSet.Builder labels = LabelSet.builder();
    node.entries()
        .forEach(
            (name, value) -> {
              if (LabelSet.isLegalName(name)) {
                labels.set(name, value.text().orElse(""));
              } else {
                value.keyProblem("\"" + name + "\" is not a label name ([a-zA-Z_][a-zA-Z0-9_]*)");
              }
            });
    return labels.build();
  }

  private static void profiling(ConfigNode node, ScrapeJob.Builder job) {
    try (Fields fields = node.fields()) {
      fields.text("path_prefix").ifPresent(job::pathPrefix);
      fields
          .oneOf("preset", RuntimePreset.class)
          .ifPresent(
              preset ->
                  preset
                      .profiles()
                      .forEach((name, settings) -> job.profile(name, preset(settings))));
      fields
          .value("pprof_config")
          .ifPresent(
              profiles ->
                  profiles
                      .entries()
                      .forEach(
                          (name, at) -> guarded(at, value -> job.profile(name, profile(value)))));
    }
  }

  private static ProfileSettings preset(Map<String, Object> settings) {
    return ProfileSettings.builder()
        .enabled(Boolean.TRUE.equals(settings.get("enabled")))
        .path(String.valueOf(settings.get("path")))
        .delta(Boolean.TRUE.equals(settings.get("delta")))
        .build();
  }

  /** Returns the rules of {@code kubernetes_preset}, which run before the job's own. */
  private static List<RelabelRule> kubernetesPreset(ConfigNode node, ScrapeJob.Builder job) {
    Optional<String> name = node.text();
    if (name.isPresent() && !name.get().equals("annotations")) {
      node.problem("unknown value \"" + name.get() + "\"; use annotations");
    }
    List<String> profiles = new ArrayList<>();
    job.build()
        .profiles()
        .forEach(
            (profile, settings) -> {
              if (settings.enabled()) {
                profiles.add(ScrapeJob.legalName(profile));
              }
            });
    return KubernetesAnnotations.rules(profiles).stream().map(ScrapeConfigFile::rule).toList();
  }

  static RelabelRule rule(Map<String, Object> settings) {
    RelabelRule.Builder rule = RelabelRule.builder();
    settings.forEach(
        (key, value) -> {
          String text = String.valueOf(value);
          switch (key) {
            case "action" -> rule.action(RelabelAction.valueOf(text.toUpperCase(Locale.ROOT)));
            case "source_labels" ->
                rule.sourceLabels(
                    ((List<?>) value).stream().map(String::valueOf).toArray(String[]::new));
            case "separator" -> rule.separator(text);
            case "regex" -> rule.regex(text);
            case "target_label" -> rule.targetLabel(text);
            case "replacement" -> rule.replacement(text);
            default -> throw new IllegalStateException("a preset has the key " + key);
          }
        });
    return rule.build();
  }

  private static ProfileSettings profile(ConfigNode node) {
    ProfileSettings.Builder profile = ProfileSettings.builder();
    try (Fields fields = node.fields()) {
      each(fields, "enabled", at -> at.flag().ifPresent(profile::enabled));
      each(fields, "path", at -> at.text().ifPresent(profile::path));
      each(fields, "delta", at -> at.flag().ifPresent(profile::delta));
      each(fields, "compute_delta", at -> at.flag().ifPresent(profile::computeDelta));
      fields
          .integer("seconds", 0, 86_400)
          .filter(seconds -> seconds > 0)
          .ifPresent(seconds -> profile.seconds(seconds.intValue()));
      each(fields, "interval", at -> at.duration().ifPresent(profile::interval));
      List<SampleType> kept = new ArrayList<>();
      for (ConfigNode item : fields.items("keep_sample_type")) {
        try (Fields sample = item.fields()) {
          kept.add(new SampleType(sample.requiredText("type"), sample.requiredText("unit")));
        }
      }
      if (!kept.isEmpty()) {
        profile.keepSampleTypes(kept);
      }
    }
    return profile.build();
  }

  private static Optional<RelabelRule> rule(ConfigNode node) {
    RelabelRule.Builder rule = RelabelRule.builder();
    Map<String, ConfigNode> places =
        node.kind() == ConfigNode.Kind.MAPPING ? node.entries() : Map.of();
    int sources = 0;
    String separator;
    try (Fields fields = node.fields()) {
      fields.oneOf("action", RelabelAction.class).ifPresent(rule::action);
      if (fields.has("source_labels")) {
        List<String> labels = fields.texts("source_labels");
        sources = labels.size();
        rule.sourceLabels(labels.toArray(String[]::new));
      }
      separator = fields.text("separator").orElse(";");
      rule.separator(separator);
      fields.text("regex").ifPresent(rule::regex);
      fields.integer("modulus", 0, Long.MAX_VALUE).ifPresent(rule::modulus);
      fields.text("target_label").ifPresent(rule::targetLabel);
      fields.text("replacement").ifPresent(rule::replacement);
    }
    Map<String, String> problems = rule.problems();
    problems.forEach((key, message) -> places.getOrDefault(key, node).problem(message));
    if (!problems.isEmpty()) {
      return Optional.empty();
    }
    ConfigNode regex = places.get("regex");
    if (regex != null) {
      RelabelWarnings.alternation(regex.text().orElse(""), sources, separator)
          .ifPresent(regex::warning);
    }
    return Optional.of(rule.build());
  }

  private void discoveries(Fields fields, ScrapeJob.Builder job) {
    List<TargetGroup> groups = new ArrayList<>();
    for (ConfigNode item : fields.items(StaticDiscovery.KEY)) {
      groups.add(staticGroup(item, String.valueOf(groups.size())));
    }
    if (!groups.isEmpty()) {
      job.discovery(new StaticDiscovery(groups));
    }
    unknownDiscoveries(fields);
    for (DiscoveryProvider provider : providers.values()) {
      for (ConfigNode item : fields.items(provider.key())) {
        Optional<DiscoveryConfig> discovery = provider.read(item);
        discovery.ifPresent(job::discovery);
      }
    }
  }

  /** The nearest known key would be no help with these. */
  private void unknownDiscoveries(Fields fields) {
    fields
        .node()
        .entries()
        .forEach(
            (key, value) -> {
              if (!key.endsWith("_sd_configs") || providers.containsKey(key)) {
                return;
              }
              fields.allow(List.of(key));
              value.keyProblem(MissingDiscovery.message(key, providers.keySet()));
            });
  }

  private static TargetGroup staticGroup(ConfigNode node, String source) {
    try (Fields fields = node.fields()) {
      List<String> addresses = new ArrayList<>();
      for (ConfigNode target : fields.items("targets")) {
        String address = target.text().orElse("");
        if (address.isEmpty()) {
          target.expected("host:port");
        } else if (address.contains("/")) {
          target.problem(
              "\""
                  + address
                  + "\" is not an address: use host:port; set scheme and path separately");
        } else {
          addresses.add(address);
        }
      }
      LabelSet labels =
          fields.value("labels").map(ScrapeConfigFile::labels).orElse(LabelSet.empty());
      return TargetGroup.ofAddresses(source, addresses, labels);
    }
  }
}
