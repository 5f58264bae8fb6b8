package dev.psc.scrape.target;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.relabel.Relabeling;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A scrape job: its discoveries, the profiles to scrape, and their settings and intervals.
 * Immutable; equal jobs are interchangeable, so that a reload keeps them running.
 */
public final class ScrapeJob {

  /** The default interval. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(10);

  /** The time by which a scrape may exceed its interval, or the seconds it covers. */
  public static final Duration SLACK = Duration.ofSeconds(3);

  /** The default limit on a response as transferred: 64 MiB. */
  public static final long DEFAULT_BODY_SIZE_LIMIT_BYTES = 64L << 20;

  /** The default limit on an inflated profile: 256 MiB. */
  public static final long DEFAULT_INFLATED_SIZE_LIMIT_BYTES = 256L << 20;

  private final Builder settings;

  private ScrapeJob(Builder settings) {
    this.settings = settings;
  }

  /**
   * Returns a builder that starts with the defaults.
   *
   * @param name becomes the label {@code job}; unique among the jobs of a scraper
   * @throws IllegalArgumentException when the name is empty
   */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  static Duration checkInterval(Duration interval) {
    if (interval.toMillis() < 100 || interval.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException(
          "the interval must be between 100ms and 1y, but was " + interval);
    }
    return interval;
  }

  /** Returns the job's name. */
  public String name() {
    return settings.name;
  }

  /** Returns {@code http} or {@code https}. */
  public String scheme() {
    return settings.scheme;
  }

  /** Returns the scrape interval of profiles and targets without their own. */
  public Duration interval() {
    return settings.interval;
  }

  /** Returns the limit on the duration of a scrape; the interval plus 3 s by default. */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(settings.timeout);
  }

  /** Returns the query parameters of each request. */
  public Map<String, List<String>> params() {
    return settings.params;
  }

  /** Returns whether profiles are sent as {@code normalized}. */
  public boolean normalizedAddresses() {
    return settings.normalizedAddresses;
  }

  /** Returns the prefix of each profile's path. */
  public String pathPrefix() {
    return settings.pathPrefix;
  }

  /** Returns the profiles by name, with defaults filled in, enabled or not. */
  public Map<String, ProfileSettings> profiles() {
    return settings.profiles;
  }

  /** Returns the relabelling rules of targets. */
  public Relabeling relabeling() {
    return settings.relabeling;
  }

  /** Returns the discoveries of targets. */
  public List<DiscoveryConfig> discoveries() {
    return settings.discoveries;
  }

  /** Returns the HTTP settings of the targets. */
  public HttpSettings http() {
    return settings.http;
  }

  /** Returns the limit on a response in bytes, as transferred. */
  public long bodySizeLimitBytes() {
    return settings.bodySizeLimitBytes;
  }

  /** Returns the limit on an inflated profile in bytes. */
  public long inflatedSizeLimitBytes() {
    return settings.inflatedSizeLimitBytes;
  }

  /** Returns the limit on the job's targets; 0 for no limit. */
  public int targetLimit() {
    return settings.targetLimit;
  }

  /** Returns the labels that overwrite those of the job's profiles. */
  public LabelSet externalLabels() {
    return settings.externalLabels;
  }

  /**
   * Returns the transforms of the job's profiles, applied after validation and before the receiver.
   */
  public List<ProfileTransform> transforms() {
    return settings.transforms;
  }

  /** Returns the labels of samples by which profiles are split into series; empty for no split. */
  public List<String> splitBy() {
    return settings.splitBy;
  }

  /** Returns the limit on the series that a profile of a target is split into, without its own. */
  public int splitMaxSeries() {
    return settings.splitMaxSeries;
  }

  /** Returns a builder that starts with these settings. */
  public Builder toBuilder() {
    return new Builder(settings);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ScrapeJob that && settings.parts().equals(that.settings.parts());
  }

  @Override
  public int hashCode() {
    return settings.parts().hashCode();
  }

  @Override
  public String toString() {
    return "ScrapeJob[" + settings.name + "]";
  }

  /** Collects the settings of a job. Not thread-safe. */
  public static final class Builder {

    private final String name;
    private String scheme = "http";
    private Duration interval = DEFAULT_INTERVAL;
    private @Nullable Duration timeout;
    private Map<String, List<String>> params = Map.of();
    private boolean normalizedAddresses;
    private String pathPrefix = "";
    private Map<String, ProfileSettings> profiles = ProfileSettings.DEFAULTS;
    private Relabeling relabeling = Relabeling.NONE;
    private List<DiscoveryConfig> discoveries = List.of();
    private HttpSettings http = HttpSettings.DEFAULT;
    private long bodySizeLimitBytes = DEFAULT_BODY_SIZE_LIMIT_BYTES;
    private long inflatedSizeLimitBytes = DEFAULT_INFLATED_SIZE_LIMIT_BYTES;
    private int targetLimit;
    private LabelSet externalLabels = LabelSet.empty();
    private List<ProfileTransform> transforms = List.of();
    private List<String> splitBy = List.of();
    private int splitMaxSeries = 20;

    private Builder(String name) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("job_name must not be empty");
      }
      this.name = name;
    }

    private Builder(Builder other) {
      this.name = other.name;
      this.scheme = other.scheme;
      this.interval = other.interval;
      this.timeout = other.timeout;
      this.params = other.params;
      this.normalizedAddresses = other.normalizedAddresses;
      this.pathPrefix = other.pathPrefix;
      this.profiles = other.profiles;
      this.relabeling = other.relabeling;
      this.discoveries = other.discoveries;
      this.http = other.http;
      this.bodySizeLimitBytes = other.bodySizeLimitBytes;
      this.inflatedSizeLimitBytes = other.inflatedSizeLimitBytes;
      this.targetLimit = other.targetLimit;
      this.externalLabels = other.externalLabels;
      this.transforms = other.transforms;
      this.splitBy = other.splitBy;
      this.splitMaxSeries = other.splitMaxSeries;
    }

    private List<Object> parts() {
      return List.of(
          name,
          scheme,
          interval,
          Optional.ofNullable(timeout),
          params,
          normalizedAddresses,
          pathPrefix,
          profiles,
          relabeling,
          discoveries,
          http,
          bodySizeLimitBytes,
          inflatedSizeLimitBytes,
          targetLimit,
          externalLabels,
          transforms,
          splitBy,
          splitMaxSeries);
    }

    /** Sets {@code http}, the default, or {@code https}. */
    public Builder scheme(String scheme) {
      if (!Set.of("http", "https").contains(scheme)) {
        throw new IllegalArgumentException(
            "scheme must be http or https, but was \"" + scheme + "\"");
      }
      this.scheme = scheme;
      return this;
    }

    /** Sets the scrape interval; 10 s by default, at least 100 ms. */
    public Builder interval(Duration interval) {
      this.interval = checkInterval(interval);
      return this;
    }

    /**
     * Sets the limit on the duration of a scrape; the interval plus 3 s by default. A profile that
     * covers N seconds gets at least N + 3 s.
     */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("timeout must be positive, but was " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /** Sets the query parameters of each request; none by default. */
    public Builder params(Map<String, List<String>> params) {
      Map<String, List<String>> copy = new LinkedHashMap<>();
      params.forEach((name, values) -> copy.put(name, List.copyOf(values)));
      this.params = Collections.unmodifiableMap(copy);
      return this;
    }

    /** Sets whether profiles are sent as {@code normalized}; false by default. */
    public Builder normalizedAddresses(boolean normalizedAddresses) {
      this.normalizedAddresses = normalizedAddresses;
      return this;
    }

    /** Sets the prefix of each profile's path; empty by default. */
    public Builder pathPrefix(String pathPrefix) {
      this.pathPrefix = Objects.requireNonNull(pathPrefix, "pathPrefix");
      return this;
    }

    /**
     * Changes or adds one profile. Settings that are not set keep their default or earlier value.
     *
     * @param name the profile's name, which becomes {@code __name__}
     * @throws IllegalArgumentException when the profile is enabled and has no path, or has both
     *     kinds of delta
     */
    public Builder profile(String name, ProfileSettings profile) {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a profile needs a name");
      }
      ProfileSettings merged = profile.over(profiles.get(name));
      if (merged.enabled() && merged.path().isEmpty()) {
        throw new IllegalArgumentException(
            "profile " + name + " needs a path, e.g. /debug/" + name);
      }
      if (merged.delta() && merged.computeDelta()) {
        throw new IllegalArgumentException(
            "profile "
                + name
                + ": delta and compute_delta are mutually exclusive: either the target or the"
                + " scraper takes the difference");
      }
      Map<String, ProfileSettings> copy = new LinkedHashMap<>(profiles);
      copy.put(name, merged);
      this.profiles = Collections.unmodifiableMap(copy);
      return this;
    }

    /** Replaces all profiles, including the defaults; each enabled one needs a path. */
    public Builder onlyProfiles(Map<String, ProfileSettings> profiles) {
      this.profiles = Map.of();
      profiles.forEach(this::profile);
      return this;
    }

    /** Sets the relabelling rules of targets; none by default. */
    public Builder relabeling(Relabeling relabeling) {
      this.relabeling = Objects.requireNonNull(relabeling, "relabeling");
      return this;
    }

    /** Sets the relabelling rules of targets; none by default. */
    public Builder relabeling(List<RelabelRule> rules) {
      return relabeling(new Relabeling(rules));
    }

    /** Adds a discovery of targets. */
    public Builder discovery(DiscoveryConfig discovery) {
      List<DiscoveryConfig> all = new ArrayList<>(discoveries);
      all.add(Objects.requireNonNull(discovery, "discovery"));
      this.discoveries = List.copyOf(all);
      return this;
    }

    /** Sets the HTTP settings of the targets. */
    public Builder http(HttpSettings http) {
      this.http = Objects.requireNonNull(http, "http");
      return this;
    }

    /** Sets the limit on a response in bytes as transferred; 64 MiB by default. */
    public Builder bodySizeLimitBytes(long bodySizeLimitBytes) {
      this.bodySizeLimitBytes = checkLimit("bodySizeLimitBytes", bodySizeLimitBytes);
      return this;
    }

    /** Sets the limit on an inflated profile in bytes; 256 MiB by default. */
    public Builder inflatedSizeLimitBytes(long inflatedSizeLimitBytes) {
      this.inflatedSizeLimitBytes = checkLimit("inflatedSizeLimitBytes", inflatedSizeLimitBytes);
      return this;
    }

    private static long checkLimit(String name, long limit) {
      if (limit < 1 || limit > Integer.MAX_VALUE - 8) {
        throw new IllegalArgumentException(
            name
                + " must be between 1 and "
                + (Integer.MAX_VALUE - 8)
                + " bytes, but was "
                + limit);
      }
      return limit;
    }

    /** Sets the limit on the job's targets after relabelling; 0, the default, means no limit. */
    public Builder targetLimit(int targetLimit) {
      if (targetLimit < 0) {
        throw new IllegalArgumentException(
            "targetLimit must not be negative, but was " + targetLimit);
      }
      this.targetLimit = targetLimit;
      return this;
    }

    /** Sets the labels that overwrite those of the job's profiles; none by default. */
    public Builder externalLabels(LabelSet externalLabels) {
      this.externalLabels = Objects.requireNonNull(externalLabels, "externalLabels");
      return this;
    }

    /**
     * Sets labels of samples by which each profile is split into series, for stores that keep the
     * labels of series only. Samples beyond the limit stay in the target's own series. A label that
     * the target has itself is not split by.
     *
     * @param maxSeries the maximum number of further series per profile of a target, 1 to 100
     * @param labels the names of the labels in the samples; none for no split
     * @throws IllegalArgumentException when maxSeries is out of range or a name is empty or {@code
     *     __name__}
     */
    public Builder splitBy(int maxSeries, List<String> labels) {
      if (maxSeries < 1 || maxSeries > 100) {
        throw new IllegalArgumentException(
            "split_max_series must be between 1 and 100, but was " + maxSeries);
      }
      for (String label : labels) {
        if (label.isBlank() || label.equals(LabelSet.NAME)) {
          throw new IllegalArgumentException(
              "split_by must have names of samples' labels, but has \"" + label + "\"");
        }
      }
      this.splitMaxSeries = maxSeries;
      this.splitBy = List.copyOf(labels);
      return this;
    }

    /** Adds a transform of the job's profiles, applied after validation and before the receiver. */
    public Builder transform(ProfileTransform transform) {
      List<ProfileTransform> all = new ArrayList<>(transforms);
      all.add(Objects.requireNonNull(transform, "transform"));
      this.transforms = List.copyOf(all);
      return this;
    }

    /** Returns the job. */
    public ScrapeJob build() {
      return new ScrapeJob(new Builder(this));
    }
  }

  /** Returns a profile's name as a legal label value for {@code __name__}: {@code my_profile}. */
  public static String legalName(String name) {
    String legal = name.replaceAll("[^a-zA-Z0-9_]", "_");
    return !legal.isEmpty() && Character.isDigit(legal.charAt(0)) ? "_" + legal : legal;
  }
}
