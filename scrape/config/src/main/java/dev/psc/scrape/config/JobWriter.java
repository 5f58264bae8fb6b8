package dev.psc.scrape.config;

import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.settings.Durations;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.settings.Sizes;
import dev.psc.scrape.target.ScrapeJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** A writer of jobs as YAML, with every setting. */
final class JobWriter {

  private JobWriter() {}

  static String yaml(List<ScrapeJob> jobs) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("scrape_configs", jobs.stream().map(JobWriter::settings).toList());
    DumpSettings settings =
        DumpSettings.builder().setDefaultFlowStyle(FlowStyle.BLOCK).setWidth(200).build();
    return new Dump(settings).dumpToString(plain(root));
  }

  private static Map<String, Object> settings(ScrapeJob job) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("job_name", job.name());
    map.put("scrape_interval", job.interval());
    map.put("scrape_timeout", job.timeout().orElse(job.interval().plus(ScrapeJob.SLACK)));
    map.put("scheme", job.scheme());
    if (!job.params().isEmpty()) {
      map.put("params", job.params());
    }
    map.put("normalized_addresses", job.normalizedAddresses());
    if (!job.splitBy().isEmpty()) {
      map.put("split_by", job.splitBy());
    }
    map.put("split_max_series", job.splitMaxSeries());
    map.put("body_size_limit", Sizes.format(job.bodySizeLimitBytes()));
    map.put("inflated_size_limit", Sizes.format(job.inflatedSizeLimitBytes()));
    map.put("target_limit", job.targetLimit());
    if (!job.externalLabels().isEmpty()) {
      map.put("external_labels", job.externalLabels().toMap());
    }
    Map<String, Object> profiles = new LinkedHashMap<>();
    job.profiles().forEach((name, profile) -> profiles.put(name, profile.settings()));
    Map<String, Object> profiling = new LinkedHashMap<>();
    profiling.put("path_prefix", job.pathPrefix());
    profiling.put("pprof_config", profiles);
    map.put("profiling_config", profiling);
    map.putAll(HttpSettingsFields.settings(job.http()));
    for (DiscoveryConfig discovery : job.discoveries()) {
      @SuppressWarnings("unchecked")
      List<Object> same =
          (List<Object>) map.computeIfAbsent(discovery.key(), key -> new ArrayList<>());
      if (discovery instanceof StaticDiscovery written) {
        // Each group has its own labels.
        for (TargetGroup group : written.groups()) {
          same.add(new StaticDiscovery(List.of(group)).settings());
        }
      } else {
        same.add(discovery.settings());
      }
    }
    List<Map<String, Object>> rules = new ArrayList<>();
    for (RelabelRule rule : job.relabeling().rules()) {
      rules.add(rule.settings());
    }
    if (!rules.isEmpty()) {
      map.put("relabel_configs", rules);
    }
    return map;
  }

  /** Returns the value with types of YAML only. */
  private static Object plain(Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> copy = new LinkedHashMap<>();
      map.forEach((key, item) -> copy.put(String.valueOf(key), plain(item)));
      return copy;
    }
    if (value instanceof Iterable<?> items) {
      List<Object> copy = new ArrayList<>();
      items.forEach(item -> copy.add(plain(item)));
      return copy;
    }
    if (value instanceof Duration duration) {
      return Durations.format(duration);
    }
    if (value instanceof Number || value instanceof Boolean) {
      return value;
    }
    return value instanceof Secret secret ? secret.toString() : String.valueOf(value);
  }
}
