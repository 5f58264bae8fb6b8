package dev.psc.scraper.server;

import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that handle HTTP requests. Probes and actions have separate threads, so that slow
 * pages and scrapes on demand never fail a probe. A full lane rejects a request immediately.
 * Thread-safe.
 */
final class Lanes implements AutoCloseable {

  private static final int PAGE_THREADS = 16;
  private static final int ACTION_THREADS = 8;
  private static final int PROBE_THREADS = 2;
  private static final int WAITING_PROBES = 256;

  private final ExecutorService pages = lane("psc-http-worker", PAGE_THREADS);
  private final ExecutorService actions = lane("psc-http-action", ACTION_THREADS);
  private final ExecutorService probes;

  Lanes() {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            PROBE_THREADS,
            PROBE_THREADS,
            30,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(WAITING_PROBES),
            new DefaultThreadFactory("psc-http-probe", true));
    pool.allowCoreThreadTimeOut(true);
    this.probes = pool;
  }

  private static ExecutorService lane(String name, int threads) {
    return new ThreadPoolExecutor(
        0,
        threads,
        30,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        new DefaultThreadFactory(name, true));
  }

  /** Returns the threads for a request. */
  ExecutorService of(HttpExchange exchange) {
    if (exchange.path().equals("/healthz") || exchange.path().equals("/readyz")) {
      return probes;
    }
    return exchange.method().equals("GET") ? pages : actions;
  }

  /** Interrupts running requests and rejects further ones. */
  @Override
  public void close() {
    pages.shutdownNow();
    actions.shutdownNow();
    probes.shutdownNow();
  }
}
