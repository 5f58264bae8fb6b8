package dev.psc.scrape.target;

import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.settings.Durations;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A factory of the targets of a job from discovered groups, in the order of Prometheus: the
 * target's labels over the group's, the job's defaults, the rules, the checks. An invalid target
 * does not affect the others. Targets of unchanged groups are reused. Not thread-safe.
 */
public final class TargetFactory {

  /** The label that holds the path of the profile. */
  public static final String PROFILE_PATH = "__profile_path__";

  /** The label that holds {@code http} or {@code https}. */
  public static final String SCHEME = "__scheme__";

  /** The label that holds the scrape interval. */
  public static final String SCRAPE_INTERVAL = "__scrape_interval__";

  /** The label that holds the scrape timeout. */
  public static final String SCRAPE_TIMEOUT = "__scrape_timeout__";

  private static final String PARAM = "__param_";
  private static final String SECONDS = "seconds";

  private final ScrapeJob job;
  private final Relabeling rules;
  private final LabelSet externalLabels;
  private final Map<String, LabelSet> defaults = new HashMap<>();
  private IdentityHashMap<TargetGroup, Targets> known = new IdentityHashMap<>();

  /**
   * Creates a factory.
   *
   * @param job the job
   * @param globalRules run after the job's
   * @param externalLabels overwrite every label of the same name
   */
  public TargetFactory(ScrapeJob job, Relabeling globalRules, LabelSet externalLabels) {
    this.job = job;
    this.rules = job.relabeling().then(globalRules);
    this.externalLabels = job.externalLabels().withAll(externalLabels);
  }

  /** Returns the targets of all groups. */
  public Targets make(Collection<TargetGroup> groups) {
    IdentityHashMap<TargetGroup, Targets> next = new IdentityHashMap<>();
    Set<Target> kept = new LinkedHashSet<>();
    List<Targets.Dropped> dropped = new ArrayList<>();
    List<Targets.Invalid> invalid = new ArrayList<>();
    for (TargetGroup group : groups) {
      Targets targets = known.get(group);
      if (targets == null) {
        targets = make(group);
      }
      next.put(group, targets);
      kept.addAll(targets.kept());
      dropped.addAll(targets.dropped());
      invalid.addAll(targets.invalid());
    }
    known = next;
    List<Target> limited = new ArrayList<>(kept);
    if (job.targetLimit() > 0 && limited.size() > job.targetLimit()) {
      for (Target target : limited.subList(job.targetLimit(), limited.size())) {
        invalid.add(
            new Targets.Invalid(
                job.name(),
                target.discovered(),
                "above the job's target_limit of "
                    + job.targetLimit()
                    + " ("
                    + kept.size()
                    + " targets); raise it, or drop targets by relabelling"));
      }
      limited = limited.subList(0, job.targetLimit());
    }
    return new Targets(limited, dropped, invalid);
  }

  private Targets make(TargetGroup group) {
    List<Target> kept = new ArrayList<>();
    List<Targets.Dropped> dropped = new ArrayList<>();
    List<Targets.Invalid> invalid = new ArrayList<>();
    for (LabelSet target : group.targets()) {
      LabelSet labels = group.labels().withAll(target);
      job.profiles()
          .forEach(
              (name, profile) -> {
                if (profile.enabled()) {
                  one(group.labels(), target, labels, name, profile, kept, dropped, invalid);
                }
              });
    }
    return new Targets(kept, dropped, invalid);
  }

  private void one(
      LabelSet group,
      LabelSet target,
      LabelSet labels,
      String name,
      ProfileSettings profile,
      List<Target> kept,
      List<Targets.Dropped> dropped,
      List<Targets.Invalid> invalid) {
    LabelSet ofProfile = defaults.computeIfAbsent(name, each -> defaults(job, name, profile));
    LabelSet discovered = withDefaults(labels, ofProfile);
    try {
      Relabeling.Result result = rules.apply(discovered);
      if (result.droppedBy().isPresent()) {
        dropped.add(new Targets.Dropped(job, rules, group, target, name, result.droppedBy().get()));
        return;
      }
      kept.add(target(discovered, result.labels(), ofProfile, profile));
    } catch (IllegalArgumentException e) {
      invalid.add(new Targets.Invalid(job.name(), discovered, String.valueOf(e.getMessage())));
    }
  }

  /** Returns the labels of a target with those of a profile, which are shared by all targets. */
  static LabelSet withDefaults(LabelSet target, LabelSet defaults) {
    LabelSet.Builder labels = target.toBuilder();
    for (Label label : defaults) {
      boolean ofProfile = label.name().equals(LabelSet.NAME) || label.name().equals(PROFILE_PATH);
      if (ofProfile || labels.get(label.name()).isEmpty()) {
        labels.set(label);
      }
    }
    return labels.build();
  }

  /** Returns the default labels of the targets of a profile. */
  static LabelSet defaults(ScrapeJob job, String name, ProfileSettings profile) {
    LabelSet.Builder labels = LabelSet.builder();
    labels.set(LabelSet.NAME, ScrapeJob.legalName(name));
    labels.set(PROFILE_PATH, Urls.join(job.pathPrefix(), profile.path()));
    setDefault(labels, "job", job.name());
    setDefault(labels, SCHEME, job.scheme());
    Duration interval = profile.interval().orElse(job.interval());
    setDefault(labels, SCRAPE_INTERVAL, Durations.format(interval));
    setDefault(
        labels,
        SCRAPE_TIMEOUT,
        Durations.format(job.timeout().orElse(interval.plus(ScrapeJob.SLACK))));
    job.params()
        .forEach(
            (param, values) -> {
              if (!values.isEmpty() && LabelSet.isLegalName(PARAM + param)) {
                setDefault(labels, PARAM + param, values.get(0));
              }
            });
    if (profile.delta()) {
      if (profile.seconds().isPresent()) {
        setDefault(labels, PARAM + SECONDS, String.valueOf(profile.seconds().get()));
      } else {
        setDefault(labels, PARAM + SECONDS, String.valueOf(wholeSeconds(interval)));
      }
    }
    return labels.build();
  }

  private static void setDefault(LabelSet.Builder labels, String name, String value) {
    if (labels.get(name).isEmpty()) {
      labels.set(name, value);
    }
  }

  private static long wholeSeconds(Duration interval) {
    return Math.max(1, interval.toSeconds());
  }

  private Target target(
      LabelSet discovered, LabelSet relabeled, LabelSet ofProfile, ProfileSettings profile) {
    String address = relabeled.valueOf(TargetGroup.ADDRESS);
    Addresses.problem(address)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(problem);
            });
    String scheme = relabeled.valueOf(SCHEME);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw new IllegalArgumentException(
          SCHEME + " must be http or https, but was \"" + scheme + "\" after relabelling");
    }
    address = Addresses.withPort(address, scheme);
    Duration interval = duration(relabeled, SCRAPE_INTERVAL);
    if (interval.toMillis() < 100) {
      throw new IllegalArgumentException(
          SCRAPE_INTERVAL + " must be at least 100ms, but was " + relabeled.get(SCRAPE_INTERVAL));
    }
    boolean intervalChanged = differs(discovered, relabeled, SCRAPE_INTERVAL, profile);
    Map<String, List<String>> params = params(relabeled);
    int seconds = 0;
    if (profile.delta()) {
      boolean derived =
          profile.seconds().isEmpty()
              && !job.params().containsKey(SECONDS)
              && relabeled.valueOf(PARAM + SECONDS).equals(discovered.valueOf(PARAM + SECONDS));
      if (derived && intervalChanged) {
        Urls.setFirst(params, SECONDS, String.valueOf(wholeSeconds(interval)));
      }
    }
    String path = withOneSeconds(params, relabeled, ofProfile);
    List<String> asked = params.getOrDefault(SECONDS, List.of());
    String inPath = Urls.query(path).get(SECONDS);
    if (inPath != null || !asked.isEmpty()) {
      seconds = seconds(inPath != null ? inPath : asked.get(0));
    }
    boolean timeoutGiven =
        job.timeout().isPresent() || differs(discovered, relabeled, SCRAPE_TIMEOUT, profile);
    Duration timeout =
        timeoutGiven || !intervalChanged
            ? duration(relabeled, SCRAPE_TIMEOUT)
            : interval.plus(ScrapeJob.SLACK);
    String note = null;
    Duration least = Duration.ofSeconds(seconds).plus(ScrapeJob.SLACK);
    if (seconds > 0 && timeout.compareTo(least) < 0) {
      note =
          "timeout raised from "
              + Durations.format(timeout)
              + " to "
              + Durations.format(least)
              + ": the profile covers "
              + seconds
              + "s";
      timeout = least;
    }
    if (timeout.isZero()) {
      throw new IllegalArgumentException(SCRAPE_TIMEOUT + " must be more than 0");
    }
    URI uri = Urls.url(scheme, address, path, params);
    return new Target(
        job, profile, sent(relabeled, address), discovered, uri, interval, timeout, seconds, note);
  }

  /**
   * Returns the path with {@code seconds} in its query at most once, and not there if the
   * parameters have it. Those of the path win over the job's parameters and the profile's defaults,
   * and lose to a label that discovery or a rule set.
   *
   * @param params loses the seconds if the path keeps them
   */
  private static String withOneSeconds(
      Map<String, List<String>> params, LabelSet relabeled, LabelSet ofProfile) {
    String path = relabeled.valueOf(PROFILE_PATH);
    if (!Urls.query(path).containsKey(SECONDS)) {
      return path;
    }
    String label = PARAM + SECONDS;
    boolean decided = !relabeled.valueOf(label).equals(ofProfile.valueOf(label));
    if (!decided) {
      params.remove(SECONDS);
    }
    return Urls.withParameter(path, SECONDS, !decided);
  }

  /**
   * Returns whether relabelling or discovery decided about a label that the job has a default for.
   */
  private boolean differs(
      LabelSet discovered, LabelSet relabeled, String label, ProfileSettings profile) {
    Duration interval = profile.interval().orElse(job.interval());
    String ours =
        label.equals(SCRAPE_INTERVAL)
            ? Durations.format(interval)
            : Durations.format(job.timeout().orElse(interval.plus(ScrapeJob.SLACK)));
    return !relabeled.valueOf(label).equals(ours) || !discovered.valueOf(label).equals(ours);
  }

  private static Duration duration(LabelSet labels, String label) {
    try {
      return Durations.parse(labels.valueOf(label));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(label + ": " + e.getMessage(), e);
    }
  }

  private static int seconds(String text) {
    try {
      int seconds = Integer.parseInt(text);
      if (seconds >= 0 && seconds <= 86_400) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "parameter seconds must be a whole number, but was \"" + text + "\"", e);
    }
    throw new IllegalArgumentException(
        "parameter seconds must be between 0 and 86400, but was " + text);
  }

  /** Returns this target's own copy of the parameters, as the labels changed them. */
  private Map<String, List<String>> params(LabelSet labels) {
    Map<String, List<String>> params = new HashMap<>(job.params());
    for (Label label : labels) {
      if (label.name().startsWith(PARAM)) {
        Urls.setFirst(params, label.name().substring(PARAM.length()), label.value());
      }
    }
    return params;
  }

  private LabelSet sent(LabelSet relabeled, String address) {
    LabelSet.Builder labels = LabelSet.builder();
    labels.set("instance", address);
    for (Label label : relabeled) {
      if (!label.name().startsWith("__") || label.name().equals(LabelSet.NAME)) {
        labels.set(label.name(), label.value());
      }
    }
    LabelSet sent = labels.build().withAll(externalLabels);
    if (!LabelSet.isLegalName(sent.valueOf(LabelSet.NAME))) {
      throw new IllegalArgumentException(
          "__name__ must match [a-zA-Z_][a-zA-Z0-9_]*, but was \""
              + sent.valueOf(LabelSet.NAME)
              + "\" after relabelling");
    }
    return sent;
  }

  /** Returns the effect of each rule on a target's labels before relabelling. */
  public List<Relabeling.Step> explain(LabelSet discovered) {
    return rules.explain(discovered);
  }
}
