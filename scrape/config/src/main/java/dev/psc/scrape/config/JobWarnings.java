package dev.psc.scrape.config;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Durations;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Warnings about settings of a job that are legal but suspicious. */
final class JobWarnings {

  /** Common other names of the default profiles. */
  private static final Map<String, String> ALIASES =
      Map.of(
          "allocs", "memory",
          "heap", "memory",
          "cpu", "process_cpu",
          "profile", "process_cpu",
          "goroutines", "goroutine",
          "contention", "mutex");

  private JobWarnings() {}

  static void check(ScrapeJob job, ConfigNode node, Fields fields) {
    if (job.discoveries().isEmpty()) {
      node.warning("the job has no targets: add static_configs or another *_sd_configs");
    }
    if (job.profiles().values().stream().noneMatch(ProfileSettings::enabled)) {
      node.warning("the job scrapes nothing: none of its profiles is enabled");
    }
    params(job, fields);
    fields
        .value("profiling_config")
        .flatMap(at -> Optional.ofNullable(at.entries().get("pprof_config")))
        .ifPresent(profiles -> profiles.entries().forEach((name, at) -> profile(job, name, at)));
    if (job.scheme().equals("http") && !(job.http().credentials() instanceof Credentials.None)) {
      node.warning("credentials are sent unencrypted with scheme: http");
    }
  }

  private static void params(ScrapeJob job, Fields fields) {
    List<String> debug = job.params().getOrDefault("debug", List.of());
    if (!debug.isEmpty() && !debug.get(0).equals("0")) {
      fields
          .value("params")
          .ifPresent(
              at -> at.warning("debug makes targets return text instead of a pprof" + " profile"));
    }
  }

  private static void profile(ScrapeJob job, String name, ConfigNode at) {
    ProfileSettings profile = job.profiles().get(name);
    if (profile == null || at.kind() != ConfigNode.Kind.MAPPING) {
      return;
    }
    if (!profile.enabled()) {
      if (!ProfileSettings.DEFAULTS.containsKey(name)) {
        String alias = ALIASES.get(name);
        at.warning(
            "\""
                + name
                + "\" is not a default profile, so this has no effect; "
                + (alias == null
                    ? "set enabled: true and a path to scrape it"
                    : "the default one is named " + alias));
      }
      return;
    }
    job.profiles()
        .forEach(
            (other, settings) -> {
              if (!other.equals(name)
                  && settings.enabled()
                  && settings.path().equals(profile.path())
                  && !ProfileSettings.DEFAULTS.containsKey(name)) {
                at.warning("has the same path as " + other + ", which is also enabled");
              }
            });
    if (profile.seconds().isPresent() && !profile.delta()) {
      at.warning("seconds has no effect without delta: true");
    }
    Duration interval = profile.interval().orElse(job.interval());
    profile
        .seconds()
        .filter(seconds -> profile.delta())
        .filter(seconds -> Duration.ofSeconds(seconds).compareTo(interval) > 0)
        .ifPresent(
            seconds ->
                at.warning(
                    "covers "
                        + seconds
                        + "s, more than its interval of "
                        + Durations.format(interval)
                        + ": intervals will be missed"));
  }
}
