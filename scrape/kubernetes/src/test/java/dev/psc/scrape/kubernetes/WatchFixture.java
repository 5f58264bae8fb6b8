package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.http.HttpClients;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/** The threads and clients that a scraper would lend; ends everything that was started with it. */
final class WatchFixture implements AutoCloseable {

  /** Short pauses, so that tests need not wait. */
  static final Timing TIMING =
      new Timing(
          Duration.ofMillis(20),
          Duration.ofMillis(200),
          Duration.ofMillis(300),
          Duration.ofSeconds(20),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30));

  private final List<Thread> threads = new ArrayList<>();
  private final ThreadFactory factory =
      task -> {
        Thread thread = new Thread(task, "psc-test-discovery");
        thread.setDaemon(true);
        synchronized (threads) {
          threads.add(thread);
        }
        return thread;
      };
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(factory);
  private final ExecutorService pool = Executors.newCachedThreadPool(factory);
  private final HttpClients http = new HttpClients(scheduler, pool, "psc-test", 1 << 24);
  private final List<TargetDiscovery> started = new ArrayList<>();

  final DiscoveryContext context =
      new DiscoveryContext(scheduler, pool, factory, http, Clock.systemUTC());

  RecordingSink start(KubernetesDiscovery settings) {
    return start(settings, TIMING, new ClusterEnvironment("", "", Path.of("/nonexistent")));
  }

  RecordingSink start(KubernetesDiscovery settings, Timing timing, ClusterEnvironment environment) {
    RecordingSink sink = new RecordingSink();
    TargetDiscovery discovery = new KubernetesWatch(settings, context, environment, timing);
    started.add(discovery);
    discovery.start(sink);
    return sink;
  }

  void stop() {
    started.forEach(TargetDiscovery::close);
    started.clear();
  }

  long livingThreads() {
    synchronized (threads) {
      return threads.stream().filter(Thread::isAlive).count();
    }
  }

  @Override
  public void close() {
    stop();
    http.close();
    scheduler.shutdownNow();
    pool.shutdownNow();
  }
}
