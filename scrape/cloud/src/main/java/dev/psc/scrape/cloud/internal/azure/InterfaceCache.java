package dev.psc.scrape.cloud.internal.azure;

import dev.psc.scrape.cloud.internal.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/** Network interfaces, which seldom change, for some refresh intervals. Not thread-safe. */
final class InterfaceCache {

  private static final int MAX_ENTRIES = 5_000;

  private final Duration refreshInterval;
  private final Clock clock;
  private final Map<String, Kept> entries =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Kept> eldest) {
          return size() > MAX_ENTRIES;
        }
      };

  private record Kept(Json value, Instant expiry) {}

  InterfaceCache(Duration refreshInterval, Clock clock) {
    this.refreshInterval = refreshInterval;
    this.clock = clock;
  }

  Optional<Json> get(String id) {
    Kept entry = entries.get(id);
    if (entry == null || !clock.instant().isBefore(entry.expiry)) {
      return Optional.empty();
    }
    return Optional.of(entry.value);
  }

  /** Keeps an interface for 10 to 13 intervals, so that not all are asked for again together. */
  void put(String id, Json value) {
    long millis = refreshInterval.toMillis();
    long lifetime = 10 * millis + ThreadLocalRandom.current().nextLong(3 * millis + 1);
    entries.put(id, new Kept(value, clock.instant().plusMillis(lifetime)));
  }
}
