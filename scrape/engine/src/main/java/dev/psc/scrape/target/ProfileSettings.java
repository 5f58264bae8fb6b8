package dev.psc.scrape.target;

import dev.psc.pprof.format.SampleType;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one profile of a target: its name, path and parameters. Each setting that is not
 * set comes from the default profile of the same name. Immutable.
 */
public final class ProfileSettings {

  /** The profiles of Go programs, which are scraped by default. */
  public static final Map<String, ProfileSettings> DEFAULTS = defaults();

  private final @Nullable Boolean enabled;
  private final @Nullable String path;
  private final @Nullable Boolean delta;
  private final @Nullable Boolean computeDelta;
  private final @Nullable Integer seconds;
  private final @Nullable Duration interval;
  private final @Nullable List<SampleType> keepSampleTypes;

  private ProfileSettings(Builder builder) {
    this.enabled = builder.enabled;
    this.path = builder.path;
    this.delta = builder.delta;
    this.computeDelta = builder.computeDelta;
    this.seconds = builder.seconds;
    this.interval = builder.interval;
    this.keepSampleTypes = builder.keepSampleTypes;
  }

  private static Map<String, ProfileSettings> defaults() {
    Map<String, ProfileSettings> map = new LinkedHashMap<>();
    map.put("memory", builder().enabled(true).path("/debug/pprof/allocs").build());
    map.put("block", builder().enabled(true).path("/debug/pprof/block").build());
    map.put("goroutine", builder().enabled(true).path("/debug/pprof/goroutine").build());
    map.put("mutex", builder().enabled(true).path("/debug/pprof/mutex").build());
    map.put(
        "process_cpu", builder().enabled(true).path("/debug/pprof/profile").delta(true).build());
    return Collections.unmodifiableMap(map);
  }

  /** Returns a builder without settings. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns these settings, completed by others. */
  public ProfileSettings over(@Nullable ProfileSettings others) {
    if (others == null) {
      return this;
    }
    Builder builder = new Builder();
    builder.enabled = enabled != null ? enabled : others.enabled;
    builder.path = path != null ? path : others.path;
    builder.delta = delta != null ? delta : others.delta;
    builder.computeDelta = computeDelta != null ? computeDelta : others.computeDelta;
    builder.seconds = seconds != null ? seconds : others.seconds;
    builder.interval = interval != null ? interval : others.interval;
    builder.keepSampleTypes = keepSampleTypes != null ? keepSampleTypes : others.keepSampleTypes;
    return builder.build();
  }

  /** Returns whether it is scraped; false by default. */
  public boolean enabled() {
    return enabled != null && enabled;
  }

  /** Returns the path at the target; empty by default. */
  public String path() {
    return path == null ? "" : path;
  }

  /** Returns whether the target is asked for the difference over {@link #seconds}. */
  public boolean delta() {
    return delta != null && delta;
  }

  /** Returns whether the scraper computes the difference to the previous scrape. */
  public boolean computeDelta() {
    return computeDelta != null && computeDelta;
  }

  /** Returns the seconds that a delta profile covers; the interval by default. */
  public Optional<Integer> seconds() {
    return Optional.ofNullable(seconds);
  }

  /** Returns the scrape interval; the job's interval by default. */
  public Optional<Duration> interval() {
    return Optional.ofNullable(interval);
  }

  /** Returns the only columns that are kept; all of them when empty. */
  public List<SampleType> keepSampleTypes() {
    return keepSampleTypes == null ? List.of() : keepSampleTypes;
  }

  /** Returns all settings by the names of the configuration. */
  public Map<String, Object> settings() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("enabled", enabled());
    map.put("path", path());
    map.put("delta", delta());
    map.put("compute_delta", computeDelta());
    seconds().ifPresent(value -> map.put("seconds", value));
    interval().ifPresent(value -> map.put("interval", value));
    if (!keepSampleTypes().isEmpty()) {
      map.put(
          "keep_sample_type",
          keepSampleTypes().stream()
              .map(
                  sample -> {
                    Map<String, Object> entry = new LinkedHashMap<>();
                    entry.put("type", sample.type());
                    entry.put("unit", sample.unit());
                    return entry;
                  })
              .toList());
    }
    return map;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ProfileSettings that
        && Objects.equals(enabled, that.enabled)
        && Objects.equals(path, that.path)
        && Objects.equals(delta, that.delta)
        && Objects.equals(computeDelta, that.computeDelta)
        && Objects.equals(seconds, that.seconds)
        && Objects.equals(interval, that.interval)
        && Objects.equals(keepSampleTypes, that.keepSampleTypes);
  }

  @Override
  public int hashCode() {
    return Objects.hash(enabled, path, delta, computeDelta, seconds, interval, keepSampleTypes);
  }

  @Override
  public String toString() {
    return settings().toString();
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private @Nullable Boolean enabled;
    private @Nullable String path;
    private @Nullable Boolean delta;
    private @Nullable Boolean computeDelta;
    private @Nullable Integer seconds;
    private @Nullable Duration interval;
    private @Nullable List<SampleType> keepSampleTypes;

    private Builder() {}

    /** Sets whether it is scraped. */
    public Builder enabled(boolean enabled) {
      this.enabled = enabled;
      return this;
    }

    /** Sets the path at the target, behind the job's prefix. */
    public Builder path(String path) {
      this.path = Objects.requireNonNull(path, "path");
      return this;
    }

    /** Sets whether the target is asked for the difference over some seconds. */
    public Builder delta(boolean delta) {
      this.delta = delta;
      return this;
    }

    /**
     * Sets whether the scraper computes the difference between two scrapes of a profile that counts
     * since the process started, as Go's allocs, mutex and block. It has no cost for the target,
     * unlike {@link #delta}, for which the target waits; the two are mutually exclusive.
     */
    public Builder computeDelta(boolean computeDelta) {
      this.computeDelta = computeDelta;
      return this;
    }

    /**
     * Sets the seconds that a delta profile covers.
     *
     * @throws IllegalArgumentException when it is not between 1 and 86,400
     */
    public Builder seconds(int seconds) {
      if (seconds < 1 || seconds > 86_400) {
        throw new IllegalArgumentException(
            "seconds must be between 1 and 86400, but was " + seconds);
      }
      this.seconds = seconds;
      return this;
    }

    /** Sets the scrape interval, instead of the job's; at least 100 ms. */
    public Builder interval(Duration interval) {
      this.interval = ScrapeJob.checkInterval(interval);
      return this;
    }

    /** Sets the only columns to keep; an entry that a profile lacks is ignored. */
    public Builder keepSampleTypes(List<SampleType> sampleTypes) {
      this.keepSampleTypes = List.copyOf(sampleTypes);
      return this;
    }

    /** Returns the settings. */
    public ProfileSettings build() {
      return new ProfileSettings(this);
    }
  }
}
