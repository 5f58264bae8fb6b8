package dev.psc.scraper.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.micrometer.DeliveryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics of a delivery have the same names in Micrometer and in the scraper. */
class DeliveryMetricNamesTest {

  @TempDir private Path directory;

  /** Returns the series of a page, each by its name and its labels other than the sink. */
  private static Set<String> series(String page) {
    TreeSet<String> series = new TreeSet<>();
    page.lines()
        .filter(line -> !line.startsWith("#") && !line.isBlank())
        .map(line -> line.substring(0, line.lastIndexOf(' ')))
        .map(name -> name.replaceAll(",?sink=\"[^\"]*\"", "").replace("{,", "{").replace("{}", ""))
        .map(name -> name.replace("\"1.0\"", "\"1\""))
        .forEach(series::add);
    return series;
  }

  @Test
  void areTheSameInMicrometerAndInTheScraper() {
    try (Delivery delivery = Delivery.create(DirectorySink.create(directory));
        DeliveryMetrics metrics = DeliveryMetrics.of(delivery)) {
      PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
      metrics.bindTo(registry);
      PrometheusText text = new PrometheusText();
      Metrics.store(text, delivery.snapshot());
      assertThat(series(registry.scrape())).isEqualTo(series(text.toString()));
      assertThat(series(text.toString()))
          .contains(
              "psc_delivery_sent_total",
              "psc_delivery_dropped_total{reason=\"queue_full\"}",
              "psc_delivery_latency_seconds{quantile=\"0.99\"}");
    }
  }
}
