package dev.psc.examples.benchmarks;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A server on loopback with one profile, and scrapers with many targets on it. The cost is the
 * processor time of this process without the server's threads.
 */
final class ScrapeLoad implements AutoCloseable {

  private static final String SERVER_THREADS = "psc-benchmark-server";
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final HttpServer server;
  private final ExecutorService serverThreads;
  private final byte[] profile;

  private ScrapeLoad(HttpServer server, ExecutorService serverThreads, byte[] profile) {
    this.server = server;
    this.serverThreads = serverThreads;
    this.profile = profile;
  }

  /** Serves a heap profile of about this size in gzip. */
  static ScrapeLoad serving(int profileBytes) throws IOException {
    // Otherwise each response is delayed by 40 ms between head and body.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4_096);
    AtomicInteger number = new AtomicInteger();
    ExecutorService threads =
        Executors.newFixedThreadPool(
            4,
            task -> {
              Thread thread = new Thread(task, SERVER_THREADS + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    byte[] profile = profile(profileBytes);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, profile.length);
            exchange.getResponseBody().write(profile);
          }
        });
    server.start();
    return new ScrapeLoad(server, threads, profile);
  }

  private static byte[] profile(int wantedBytes) {
    int samples = 16;
    byte[] profile = heap(samples);
    while (profile.length < wantedBytes) {
      samples += samples / 4;
      profile = heap(samples);
    }
    return profile;
  }

  private static byte[] heap(int samples) {
    ProfileBuilder profile = ProfileBuilder.create();
    for (String type : List.of("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")) {
      profile.sampleType(type, type.endsWith("space") ? "bytes" : "count");
    }
    profile.periodType("space", "bytes", 524_288).timeNanos(1_790_000_000_000_000_000L);
    SplittableRandom random = new SplittableRandom(11);
    int mapping = profile.nativeMapping(0x400000, 0x900000, 0, "/app/server", "b1");
    int[] locations = new int[Math.max(20, samples / 3)];
    for (int i = 0; i < locations.length; i++) {
      int function =
          profile.function("example.com/app/pkg" + i % 61 + ".f" + i, "", "f" + i % 90 + ".go", 0);
      locations[i] = profile.location(mapping, 0x400000 + i * 37L, function, i % 500);
    }
    int[] stack = new int[32];
    for (int i = 0; i < samples; i++) {
      int depth = 6 + random.nextInt(26);
      for (int level = 0; level < depth; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      long objects = 1L + random.nextInt(5_000);
      profile.sample(
          stack, 0, depth, ProfileBuilder.NO_LABELS, objects, objects * 64, i % 2, i % 2 * 64L);
    }
    return profile.build();
  }

  byte[] profile() {
    return profile;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/debug/pprof/allocs");
  }

  /**
   * The cost of a scraper.
   *
   * @param scrapes the number of scrapes that ended during the measurement
   * @param failed the number of failed scrapes
   * @param missed the number of intervals without a scrape, since the start
   * @param cpuNanosPerScrape processor time, garbage collection and compilation included
   * @param lateness the 99th percentile of the delay of scrapes
   * @param heapBytes the heap in use after a collection, while the scraper runs
   * @param threads the number of threads of the process without the server's
   */
  record Cost(
      long scrapes,
      long failed,
      long missed,
      double cpuNanosPerScrape,
      Duration lateness,
      long heapBytes,
      long threads) {

    String describe() {
      return String.format(
          Locale.ROOT,
          "%d scrapes, %d failed, %d intervals missed, %.3f CPU-s per 1,000, p99 %d ms late,"
              + " %d MiB heap, %d threads",
          scrapes,
          failed,
          missed,
          cpuNanosPerScrape / 1e6,
          lateness.toMillis(),
          heapBytes >> 20,
          threads);
    }
  }

  Cost scrape(int targets, Duration interval, Duration warmUp, Duration measured)
      throws InterruptedException {
    List<LabelSet> all = new ArrayList<>();
    for (int i = 0; i < targets; i++) {
      all.add(LabelSet.of(TargetGroup.ADDRESS, uri().getAuthority(), "n", String.valueOf(i)));
    }
    ScrapeJob job =
        ScrapeJob.builder("benchmark")
            .interval(interval)
            .onlyProfiles(
                Map.of(
                    "memory",
                    ProfileSettings.builder().enabled(true).path(uri().getPath()).build()))
            .discovery(new StaticDiscovery(List.of(new TargetGroup("0", all, LabelSet.empty()))))
            .build();
    Observer observer = new Observer();
    try (Scraper scraper = Scraper.builder().job(job).listener(observer).build()) {
      scraper.start(profile -> new Acceptance.Accepted());
      TimeUnit.NANOSECONDS.sleep(warmUp.toNanos());
      observer.measuring = true;
      long cpu = cpuNanos();
      TimeUnit.NANOSECONDS.sleep(measured.toNanos());
      observer.measuring = false;
      long used = cpuNanos() - cpu;
      List<Long> lateness = observer.lateness();
      System.gc();
      return new Cost(
          lateness.size(),
          observer.failed.get(),
          observer.missed.get(),
          (double) used / Math.max(1, lateness.size()),
          Duration.ofNanos(
              lateness.isEmpty() ? 0 : lateness.get((int) (lateness.size() * 99L / 100))),
          ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
          otherThreads().size());
    }
  }

  private static final class Observer implements ScrapeListener {
    final AtomicLong failed = new AtomicLong();
    final AtomicLong missed = new AtomicLong();
    volatile boolean measuring;

    // Guarded by this.
    private final List<Long> lateness = new ArrayList<>();

    @Override
    public void scraped(ScrapeReport report) {
      if (!measuring) {
        return;
      }
      if (!report.outcome().isHealthy()) {
        failed.incrementAndGet();
      }
      synchronized (this) {
        lateness.add(report.lateness().toNanos());
      }
    }

    @Override
    public void missed(Target target, long intervals) {
      missed.addAndGet(intervals);
    }

    synchronized List<Long> lateness() {
      List<Long> sorted = new ArrayList<>(lateness);
      Collections.sort(sorted);
      return sorted;
    }
  }

  private static List<ThreadInfo> otherThreads() {
    List<ThreadInfo> others = new ArrayList<>();
    for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
      if (thread != null && !isServer(thread)) {
        others.add(thread);
      }
    }
    return others;
  }

  private static boolean isServer(ThreadInfo thread) {
    return thread.getThreadName().startsWith(SERVER_THREADS)
        || thread.getThreadName().equals("HTTP-Dispatcher");
  }

  /** Returns the processor time of the process without the server's. */
  static long cpuNanos() {
    var system =
        (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long nanos = system.getProcessCpuTime();
    for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
      if (thread != null && isServer(thread)) {
        nanos -= Math.max(0, THREADS.getThreadCpuTime(thread.getThreadId()));
      }
    }
    return nanos;
  }

  @Override
  public void close() {
    server.stop(0);
    serverThreads.shutdownNow();
  }
}
