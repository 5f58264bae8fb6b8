package dev.psc.scrape.testing;

import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.TargetDiscovery;
import dev.psc.scrape.internal.http.JdkHttpClients;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/** What a scraper would lend to a discovery; ends everything that was started with it. */
public final class DiscoveryFixture implements AutoCloseable {

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
  private final JdkHttpClients http = new JdkHttpClients(scheduler, pool, "psc-test", 1 << 26);
  private final List<TargetDiscovery> started = new ArrayList<>();
  private final DiscoveryContext context =
      new DiscoveryContext(scheduler, pool, factory, http, Clock.systemUTC());

  /** Creates the executors and clients. */
  public DiscoveryFixture() {}

  /** Returns what is lent. */
  public DiscoveryContext context() {
    return context;
  }

  /** Starts a discovery and returns what it publishes to. */
  public RecordingSink start(TargetDiscovery discovery) {
    RecordingSink sink = new RecordingSink();
    started.add(discovery);
    discovery.start(sink);
    return sink;
  }

  /** Returns how many of the threads that were made are alive. */
  public long livingThreads() {
    synchronized (threads) {
      return threads.stream().filter(Thread::isAlive).count();
    }
  }

  @Override
  public void close() {
    started.forEach(TargetDiscovery::close);
    started.clear();
    http.close();
    scheduler.shutdownNow();
    pool.shutdownNow();
  }
}
