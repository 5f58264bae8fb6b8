package dev.psc.examples.quickstart;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.FanOut;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.jvm.JvmProfiling;
import dev.psc.label.LabelSet;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.store.GrpcProfileSink;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;

/** The main job: workload, pprof endpoint, scraper, queue, store, report. */
final class MainJob {

  private static final String JOB = "quickstart";
  private static final Duration FLUSH = Duration.ofSeconds(3);

  private final PrintWriter out;
  private final StoreUnderTrial store;
  private final Optional<String> givenTarget;

  /** The last failure of each profile; a success removes it. */
  private final Map<String, String> failures = new ConcurrentSkipListMap<>();

  private final Optional<String> otlpEndpoint;

  MainJob(
      PrintWriter out,
      StoreUnderTrial store,
      Optional<String> givenTarget,
      Optional<String> otlpEndpoint) {
    this.otlpEndpoint = otlpEndpoint;
    this.out = out;
    this.store = store;
    this.givenTarget = givenTarget;
  }

  /** Returns the exit code. */
  int run(Duration duration, Duration interval) throws InterruptedException, IOException {
    if (givenTarget.isPresent()) {
      return scrape(givenTarget.get(), duration, interval);
    }
    // Profiling starts first, as a later start discards JIT-compiled code.
    try (JvmProfiling profiling =
            JvmProfiling.builder()
                .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .start();
        Workload workload = new Workload()) {
      workload.start();
      int port = profiling.pprofAddress().orElseThrow().getPort();
      return scrape("127.0.0.1:" + port, duration, interval);
    }
  }

  private int scrape(String target, Duration duration, Duration interval)
      throws InterruptedException, IOException {
    println("scraping http://%s/debug/pprof/ every %d s", target, interval.toSeconds());
    println("sending to %s", store.description());
    ScrapeJob job =
        ScrapeJob.builder(JOB)
            .interval(interval)
            .discovery(StaticDiscovery.of(List.of(target), LabelSet.empty()))
            .build();
    Set<String> wanted = job.profiles().keySet();
    try (GrpcProfileSink sink = GrpcProfileSink.builder(store.channel()).name("store").build();
        Delivery delivery = Delivery.builder(sink).closeTimeout(Duration.ofSeconds(1)).build()) {
      List<Delivery> deliveries = new ArrayList<>(List.of(delivery));
      otlpEndpoint.ifPresent(
          endpoint ->
              deliveries.add(
                  Delivery.builder(
                          OtlpProfileSink.fromEnvironment(endpoint, System.getenv()).build())
                      .closeSink(true)
                      .closeTimeout(FLUSH)
                      .build()));
      FanOut all = FanOut.of(deliveries);
      all.start();
      try (Scraper scraper = Scraper.builder().job(job).listener(new Progress()).build()) {
        scraper.start(store.watch(all));
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
        // A slow machine has the same time again for missing profiles.
        long patience = System.nanoTime() + duration.plus(interval).toNanos();
        while (!arrivedNames().containsAll(wanted) && System.nanoTime() < patience) {
          TimeUnit.MILLISECONDS.sleep(200);
        }
      }
      all.flush(FLUSH);
      if (deliveries.size() > 1) {
        DeliverySnapshot exported = deliveries.get(1).snapshot();
        println("%d profiles exported over OTLP %s", exported.sent(), exported.lastError());
        deliveries.get(1).close();
      }
      return report(delivery.snapshot(), job.profiles());
    }
  }

  private Set<String> arrivedNames() {
    return Set.copyOf(store.arrived().stream().map(RawProfile::name).toList());
  }

  private int report(DeliverySnapshot snapshot, Map<String, ProfileSettings> profiles)
      throws IOException {
    if (snapshot.sent() == 0 || store.arrived().isEmpty()) {
      println("");
      println("FAILED: no profile arrived in the store.");
      failures.forEach((profile, why) -> println("  %s: %s", profile, why));
      if (!snapshot.stateMessage().isEmpty()) {
        println("  store: %s", Quickstart.inFlags(snapshot.stateMessage()));
      } else if (!snapshot.lastError().isEmpty()) {
        println("  store: %s", Quickstart.inFlags(snapshot.lastError()));
      } else if (failures.isEmpty()) {
        println("  no scrape completed in time: increase --seconds");
      }
      out.flush();
      return 1;
    }
    Set<String> deltas = new TreeSet<>();
    profiles.forEach(
        (name, settings) -> {
          if (settings.delta()) {
            deltas.add(name);
          }
        });
    new Report(out, store, deltas).print();
    for (String profile : profiles.keySet()) {
      if (!arrivedNames().contains(profile)) {
        println("missing: %s: %s", profile, failures.getOrDefault(profile, "not scraped in time"));
      }
    }
    println("%d profiles sent (%s)", snapshot.sent(), Report.bytes(snapshot.sentBytes()));
    out.flush();
    return 0;
  }

  private void println(String format, Object... arguments) {
    synchronized (out) {
      out.println(String.format(Locale.ROOT, format, arguments));
      out.flush();
    }
  }

  /** A listener that prints a line for each scrape. */
  private final class Progress implements ScrapeListener {

    @Override
    public void scraped(ScrapeReport report) {
      String profile = report.target().labels().valueOf(LabelSet.NAME);
      boolean good = report.outcome().isHealthy();
      if (good) {
        failures.remove(profile);
      } else {
        failures.put(profile, report.message());
      }
      println(
          "%s  %-12s %-9s %9s in %s%s",
          LocalTime.now(ZoneId.systemDefault()).truncatedTo(ChronoUnit.SECONDS),
          profile,
          good ? "ok" : report.reason(),
          report.sizeBytes() == 0 ? "" : Report.bytes(report.sizeBytes()),
          Report.millis(report.duration()),
          report.message().isEmpty() ? "" : "  " + report.message());
    }

    @Override
    public void discoveryFailed(String job, String discovery, String message) {
      failures.put(discovery, message);
    }
  }
}
