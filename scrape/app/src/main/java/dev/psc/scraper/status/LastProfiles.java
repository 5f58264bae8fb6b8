package dev.psc.scraper.status;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.scrape.target.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The last profile of each target, for its flame graph. The least recently used ones are discarded
 * beyond a limit on bytes. Thread-safe.
 */
public final class LastProfiles {

  private final long maxBytes;
  private final Map<LabelSet, Entry> entries = new LinkedHashMap<>(64, 0.75f, true);
  private long bytes;

  LastProfiles(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  synchronized void put(RawProfile profile) {
    Entry entry =
        profile.sizeBytes() > maxBytes / 4
            ? new Entry(RawProfile.of(profile.labels(), new byte[0]), profile.sizeBytes())
            : new Entry(profile, 0);
    Entry before = entries.put(profile.labels(), entry);
    bytes += entry.cost() - (before == null ? 0 : before.cost());
    var oldest = entries.values().iterator();
    while (bytes > maxBytes) {
      bytes -= oldest.next().cost();
      oldest.remove();
    }
  }

  /** Returns the last profile of a target, or null. */
  public synchronized @Nullable Entry of(Target target, LabelSet externalLabels) {
    return entries.get(sentLabels(target, externalLabels));
  }

  /** Returns whether there is a last profile of a target. */
  synchronized boolean has(Target target, LabelSet externalLabels) {
    return entries.containsKey(sentLabels(target, externalLabels));
  }

  /** Returns the labels that are sent with a target's profiles. */
  static LabelSet sentLabels(Target target, LabelSet externalLabels) {
    return target
        .labels()
        .withAll(target.job().externalLabels())
        .withAll(externalLabels)
        .filter(l -> !l.name().startsWith("__") || l.name().equals(LabelSet.NAME));
  }

  /** A profile; its sample types are read on first use. */
  public static final class Entry {
    /** Label set, map entry and objects around the bytes of a profile. */
    private static final long OVERHEAD = 512;

    private final RawProfile profile;
    private final long tooLargeBytes;
    private @Nullable List<String> types;

    Entry(RawProfile profile, long tooLargeBytes) {
      this.profile = profile;
      this.tooLargeBytes = tooLargeBytes;
    }

    private long cost() {
      return profile.sizeBytes() + OVERHEAD;
    }

    /** Returns the size of a profile that was too large to be kept, or 0. */
    public long tooLargeBytes() {
      return tooLargeBytes;
    }

    public RawProfile profile() {
      return profile;
    }

    /** Returns the sample types as {@code type/unit}; none when the profile cannot be read. */
    synchronized List<String> types() {
      if (types == null) {
        try {
          types =
              Profile.parse(profile.pprof()).sampleTypes().stream()
                  .map(t -> t.type() + "/" + t.unit())
                  .toList();
        } catch (PprofException e) {
          types = List.of();
        }
      }
      return types;
    }
  }
}
