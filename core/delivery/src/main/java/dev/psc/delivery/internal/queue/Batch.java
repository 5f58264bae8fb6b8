package dev.psc.delivery.internal.queue;

import dev.psc.delivery.spi.RawProfile;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Profiles that are sent in one call. Belongs to the {@link QueueState}'s lock. */
public final class Batch {

  public final List<QueuedProfile> items;

  /** The group of the rejected batch that this is a part of, or null. */
  public final BatchBisection.@Nullable Group group;

  /** Set for a batch that probes the sink. */
  public final boolean probe;

  Batch(List<QueuedProfile> items, BatchBisection.@Nullable Group group, boolean probe) {
    this.items = items;
    this.group = group;
    this.probe = probe;
  }

  public List<RawProfile> profiles() {
    List<RawProfile> profiles = new ArrayList<>(items.size());
    for (QueuedProfile item : items) {
      profiles.add(item.profile);
    }
    return List.copyOf(profiles);
  }

  public long bytes() {
    long bytes = 0;
    for (QueuedProfile item : items) {
      bytes += item.bytes();
    }
    return bytes;
  }

  Set<Series> series() {
    Set<Series> series = new LinkedHashSet<>();
    for (QueuedProfile item : items) {
      if (item.series != null) {
        series.add(item.series);
      }
    }
    return series;
  }
}
