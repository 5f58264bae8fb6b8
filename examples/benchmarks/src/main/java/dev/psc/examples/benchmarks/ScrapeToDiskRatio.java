package dev.psc.examples.benchmarks;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.Durability;
import dev.psc.label.LabelSet;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * The 99th percentile of the time from the last byte that a target wrote to the moment at which the
 * profile is on disk, with 200 targets every 2 s and the spool's default settings, compared with
 * 0.5 s. It is what a killed scraper can lose.
 */
public final class ScrapeToDiskRatio implements Ratio {

  private static final int TARGETS = 200;
  private static final Duration INTERVAL = Duration.ofSeconds(2);
  private static final Duration MEASURED = Duration.ofSeconds(20);
  private static final Duration ALLOWED = Duration.ofMillis(500);

  @Override
  public String name() {
    return "scrape-to-disk-of-500-ms";
  }

  @Override
  public double goal() {
    return 1;
  }

  @Override
  public Measurement measure() throws Exception {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return new Measurement.Skipped("needs Linux, where every address in 127.0.0.0/8 is local");
    }
    Path directory = Files.createTempDirectory("psc-scrape-to-disk");
    ExecutorService threads = Executors.newFixedThreadPool(4);
    HttpServer server = HttpServer.create(new InetSocketAddress(0), 1_024);
    server.setExecutor(threads);
    byte[] profile = Inputs.heap(1, 64);
    Map<String, Long> served = new ConcurrentHashMap<>();
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, profile.length);
          // Before the last byte: afterwards the scraper may be faster than this thread.
          exchange.getResponseBody().write(profile, 0, profile.length - 1);
          exchange.getResponseBody().flush();
          served.put(exchange.getLocalAddress().getAddress().getHostAddress(), System.nanoTime());
          exchange.getResponseBody().write(profile, profile.length - 1, 1);
          exchange.close();
        });
    server.start();
    List<Long> nanos = Collections.synchronizedList(new ArrayList<>());
    try (Delivery delivery =
            Delivery.builder(new SpoolRatio.DeafSink())
                .spool(directory)
                .closeTimeout(Duration.ZERO)
                .build();
        Scraper scraper = Scraper.builder().job(job(server.getAddress().getPort())).build()) {
      delivery.start();
      scraper.start(measuring(delivery, served, nanos));
      TimeUnit.NANOSECONDS.sleep(INTERVAL.toNanos());
      nanos.clear();
      TimeUnit.NANOSECONDS.sleep(MEASURED.toNanos());
    } finally {
      server.stop(0);
      threads.shutdownNow();
      DeliveryInputs.delete(directory);
    }
    return measured(new ArrayList<>(nanos), profile.length);
  }

  private static Measurement measured(List<Long> nanos, int bytes) {
    Collections.sort(nanos);
    long p99 = nanos.get((int) (nanos.size() * 99L / 100));
    return new Measurement.Measured(
        (double) p99 / ALLOWED.toNanos(),
        String.format(
            Locale.ROOT,
            "median %.0f ms, p99 %.0f ms, worst %.0f ms of %d scrapes of %d bytes",
            nanos.get(nanos.size() / 2) / 1e6,
            p99 / 1e6,
            nanos.get(nanos.size() - 1) / 1e6,
            nanos.size(),
            bytes));
  }

  private static ScrapeJob job(int port) {
    return ScrapeJob.builder("disk")
        .interval(INTERVAL)
        .onlyProfiles(Map.of("memory", ProfileSettings.builder().enabled(true).path("/p").build()))
        .discovery(
            StaticDiscovery.of(
                IntStream.range(0, TARGETS)
                    .mapToObj(i -> "127.0.1." + (i + 1) + ":" + port)
                    .toList(),
                LabelSet.empty()))
        .build();
  }

  private static ProfileReceiver measuring(
      Delivery delivery, Map<String, Long> served, List<Long> nanos) {
    return (RawProfile profile) -> {
      String instance = profile.labels().valueOf("instance");
      long since = Objects.requireNonNull(served.get(instance.substring(0, instance.indexOf(':'))));
      var receipt = delivery.submit(profile);
      receipt
          .durability()
          .thenAccept(
              durability -> {
                if (durability == Durability.SPOOLED) {
                  nanos.add(System.nanoTime() - since);
                }
              });
      return receipt.acceptance();
    };
  }
}
