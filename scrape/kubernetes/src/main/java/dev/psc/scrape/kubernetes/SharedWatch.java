package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.http.HttpClients;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The discovery of one job. Jobs of a scraper with equal settings share one {@link
 * KubernetesWatch}, which runs while any of them does. Thread-safe.
 */
final class SharedWatch implements TargetDiscovery {

  /** The watches of all scrapers in the process; a scraper has its own HTTP clients. */
  private static final Map<Key, Running> RUNNING = new HashMap<>();

  private record Key(HttpClients scraper, KubernetesDiscovery settings) {}

  private record Running(TargetDiscovery watch, FanOutSink sinks) {}

  private final Key key;
  private final Supplier<TargetDiscovery> create;

  // Guarded by RUNNING.
  private @Nullable TargetSink sink;

  /**
   * @param create makes the watch if no other job has one
   */
  SharedWatch(
      KubernetesDiscovery settings, DiscoveryContext context, Supplier<TargetDiscovery> create) {
    this.key = new Key(context.http(), settings);
    this.create = create;
  }

  @Override
  public void start(TargetSink sink) {
    Running created = null;
    synchronized (RUNNING) {
      this.sink = sink;
      Running running = RUNNING.get(key);
      if (running == null) {
        created = new Running(create.get(), new FanOutSink());
        running = created;
        RUNNING.put(key, running);
      }
      running.sinks().add(sink);
    }
    if (created != null) {
      created.watch().start(created.sinks());
    }
  }

  @Override
  public void close() {
    TargetDiscovery last = null;
    synchronized (RUNNING) {
      Running running = RUNNING.get(key);
      TargetSink left = sink;
      sink = null;
      if (left != null && running != null && running.sinks().remove(left)) {
        RUNNING.remove(key);
        last = running.watch();
      }
    }
    if (last != null) {
      last.close();
    }
  }
}
