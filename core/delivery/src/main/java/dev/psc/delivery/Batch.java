package dev.psc.delivery;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Profiles that are sent in one call. Belongs to the {@link QueueState}'s lock. */
final class Batch {

  final List<Entry> entries;

  /** The refused batch that it is a part of, or null. */
  final Isolation.@Nullable Group group;

  /** Whether it only asks whether the sink takes anything. */
  final boolean probe;

  Batch(List<Entry> entries, Isolation.@Nullable Group group, boolean probe) {
    this.entries = entries;
    this.group = group;
    this.probe = probe;
  }

  List<RawProfile> profiles() {
    List<RawProfile> profiles = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      profiles.add(entry.profile);
    }
    return List.copyOf(profiles);
  }

  long bytes() {
    long bytes = 0;
    for (Entry entry : entries) {
      bytes += entry.bytes();
    }
    return bytes;
  }

  Set<Series> series() {
    Set<Series> series = new LinkedHashSet<>();
    for (Entry entry : entries) {
      if (entry.series != null) {
        series.add(entry.series);
      }
    }
    return series;
  }
}
