package dev.psc.examples.scraper;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.FanOut;
import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.label.LabelSet;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ScrapeJob;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A scraper whose targets come from an inventory file: the program of this example. */
public final class CustomScraper implements AutoCloseable {

  private final Scraper scraper;
  private final FanOut sinks;

  private CustomScraper(Scraper scraper, FanOut sinks) {
    this.scraper = scraper;
    this.sinks = sinks;
  }

  /** Runs until it is stopped, and prints a report every ten seconds. */
  public static void main(String[] arguments) {
    System.exit(run(arguments, System.out, System.err));
  }

  private static int run(String[] arguments, PrintStream out, PrintStream err) {
    try {
      Arguments read = Arguments.read(arguments);
      if (read.help()) {
        out.print(Arguments.USAGE);
        return 0;
      }
      try (CustomScraper scraper = start(read)) {
        Runtime.getRuntime()
            .addShutdownHook(new Thread(scraper::close, "psc-custom-scraper-shutdown"));
        while (true) {
          Thread.sleep(Duration.ofSeconds(10).toMillis());
          out.println(scraper.report());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    } catch (IllegalArgumentException | IllegalStateException e) {
      err.println("psc-custom-scraper: " + e.getMessage());
      return 2;
    }
  }

  /** Connects and starts the parts, the sinks first. */
  static CustomScraper start(Arguments arguments) {
    Path fleet = arguments.fleet();
    Duration interval = arguments.interval();

    ScrapeJob job =
        ScrapeJob.builder("fleet")
            .interval(interval)
            .discovery(new FleetDiscovery(fleet, interval))
            .transform(new DropIdle(Duration.ofMillis(5)))
            .build();
    Scraper scraper =
        Scraper.builder().job(job).externalLabels(LabelSet.of("region", "eu-1")).build();

    // Each sink has its own queue: an unavailable sink delays neither the other nor a scrape.
    List<Delivery> deliveries = new ArrayList<>();
    deliveries.add(Delivery.create(DirectorySink.create(arguments.directory())));
    arguments
        .store()
        .ifPresent(store -> deliveries.add(Delivery.create(SinkProvider.load().create(store))));
    FanOut sinks = FanOut.of(deliveries);

    sinks.start();
    scraper.start(sinks);
    return new CustomScraper(scraper, sinks);
  }

  /** Returns a report of a few lines. */
  String report() {
    List<TargetStatus> targets = scraper.snapshot().targets();
    long up = targets.stream().filter(target -> target.health() == TargetStatus.Health.UP).count();
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%d of %d profiles scraped", up, targets.size()));
    for (TargetStatus target : targets) {
      if (!target.lastError().isEmpty()) {
        text.append("\n  ").append(target.lastError());
      }
    }
    for (DeliverySnapshot sink : sinks.snapshots()) {
      text.append(
          String.format(
              Locale.ROOT, "\n  %s: %d sent, %d wait", sink.sink(), sink.sent(), sink.queued()));
    }
    return text.toString();
  }

  Scraper scraper() {
    return scraper;
  }

  @Override
  public void close() {
    scraper.close();
    sinks.close();
  }
}
