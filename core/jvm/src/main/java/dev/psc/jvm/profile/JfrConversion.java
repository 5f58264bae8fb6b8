package dev.psc.jvm.profile;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The profiles of a recording that {@code JfrFiles} converted. Immutable. */
public final class JfrConversion {

  private final Instant start;
  private final Duration duration;
  private final Map<JvmProfile, byte[]> pprofs;
  private final Map<String, Long> events;
  private final boolean elsewhere;
  private final List<String> remarks;

  /**
   * Creates a conversion.
   *
   * @param start when the recording began
   * @param duration its length
   * @param pprofs the gzip'd pprof of each profile that has samples
   * @param events the number of events by name
   * @param elsewhere whether another recording of the same group has some of its data
   * @param remarks sentences about missing parts of the recording
   */
  public JfrConversion(
      Instant start,
      Duration duration,
      Map<JvmProfile, byte[]> pprofs,
      Map<String, Long> events,
      boolean elsewhere,
      List<String> remarks) {
    this.start = start;
    this.duration = duration;
    this.pprofs = new EnumMap<>(JvmProfile.class);
    this.pprofs.putAll(pprofs);
    this.events = Collections.unmodifiableMap(events);
    this.elsewhere = elsewhere;
    this.remarks = List.copyOf(remarks);
  }

  /** Returns when the recording began. */
  public Instant start() {
    return start;
  }

  /** Returns its length, from its first chunk to the end of its last whole one. */
  public Duration duration() {
    return duration;
  }

  /** Returns the profiles of which the file has samples. */
  public Set<JvmProfile> profiles() {
    return Collections.unmodifiableSet(pprofs.keySet());
  }

  /** Returns a copy of one profile as gzip'd pprof, if the file has samples of it. */
  public Optional<byte[]> pprof(JvmProfile profile) {
    return Optional.ofNullable(pprofs.get(profile)).map(byte[]::clone);
  }

  /**
   * Returns all profiles, ready to be sent.
   *
   * @param labels those of every series; each gets the {@code __name__} of its profile
   */
  public List<RawProfile> profiles(LabelSet labels) {
    List<RawProfile> all = new ArrayList<>();
    pprofs.forEach(
        (profile, pprof) ->
            all.add(
                RawProfile.builder(
                        labels.withAll(LabelSet.of(LabelSet.NAME, profile.profileName())),
                        pprof.clone())
                    .timeNanos(start.getEpochSecond() * 1_000_000_000L + start.getNano())
                    .durationNanos(profile.isMoment() ? 0 : duration.toNanos())
                    .build()));
    return all;
  }

  /** Returns the number of events by name, including events that are in no profile. */
  public Map<String, Long> events() {
    return events;
  }

  /**
   * Returns whether events were left out because another recording of the same group has them. A
   * recording without profiles has lost nothing then.
   */
  public boolean isCoveredElsewhere() {
    return elsewhere;
  }

  /** Returns sentences about missing or estimated data; empty if there is none. */
  public List<String> remarks() {
    return remarks;
  }
}
