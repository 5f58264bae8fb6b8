package dev.psc.delivery.internal.queue;

import dev.psc.delivery.spi.RawProfile;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Profiles that are sent in one call. Belongs to the {@link QueueState}'s lock. */
public final class Batch {

  public final List<QueuedProfile> entries;

  /** The refused batch that it is a part of, or null. */
  public final BatchBisection.@Nullable Group group;

  /** Whether it only asks whether the sink takes anything. */
  public final boolean probe;

  Batch(List<QueuedProfile> entries, BatchBisection.@Nullable Group group, boolean probe) {
    this.entries = entries;
    this.group = group;
    this.probe = probe;
  }

  public List<RawProfile> profiles() {
    List<RawProfile> profiles = new ArrayList<>(entries.size());
    for (QueuedProfile entry : entries) {
      profiles.add(entry.profile);
    }
    return List.copyOf(profiles);
  }

  public long bytes() {
    long bytes = 0;
    for (QueuedProfile entry : entries) {
      bytes += entry.bytes();
    }
    return bytes;
  }

  Set<Series> series() {
    Set<Series> series = new LinkedHashSet<>();
    for (QueuedProfile entry : entries) {
      if (entry.series != null) {
        series.add(entry.series);
      }
    }
    return series;
  }
}
