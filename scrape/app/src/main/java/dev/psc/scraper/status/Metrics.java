package dev.psc.scraper.status;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scraper.cli.Version;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The metrics of {@code /metrics}. */
public final class Metrics {

  private Metrics() {}

  public static String of(ScraperState state) {
    PrometheusText text = new PrometheusText();
    text.gauge("psc_build_info", "The version as a label; always 1.", 1, "version", Version.TEXT);
    state.counters().write(text);
    scraper(text, state.view().snapshot());
    store(text, state.store().delivery().snapshot());
    Runtime jvm = Runtime.getRuntime();
    text.gauge(
        "psc_jvm_heap_used_bytes",
        "Heap in use by this process.",
        jvm.totalMemory() - (double) jvm.freeMemory());
    text.gauge("psc_jvm_heap_max_bytes", "Maximum heap of this process.", jvm.maxMemory());
    ProcessMetrics.write(text);
    return text.toString();
  }

  private static void scraper(PrometheusText text, ScraperSnapshot scraper) {
    for (ScraperSnapshot.Job job : scraper.jobs()) {
      String help = "Targets by job and state.";
      for (TargetStatus.Health health : TargetStatus.Health.values()) {
        text.gauge(
            "psc_targets",
            help,
            job.targets().stream().filter(target -> target.health() == health).count(),
            "job",
            job.name(),
            "state",
            health.name().toLowerCase(Locale.ROOT));
      }
      text.gauge("psc_targets", help, job.dropped().size(), "job", job.name(), "state", "dropped");
      text.gauge("psc_targets", help, job.invalid().size(), "job", job.name(), "state", "invalid");
      for (ScraperSnapshot.Discovery discovery : job.discoveries()) {
        text.gauge(
            "psc_discovery_up",
            "1 while the discovery works.",
            discovery.error().isEmpty() ? 1 : 0,
            "job",
            job.name(),
            "discovery",
            discovery.key());
      }
    }
    text.gauge("psc_scrapes_running", "Running scrapes.", scraper.scraping());
    text.gauge(
        "psc_scrapes_waiting", "Scrapes that are due and waiting for a slot.", scraper.waiting());
  }

  static void store(PrometheusText text, DeliverySnapshot now) {
    text.counter(
        "psc_delivery_accepted_total", "Profiles accepted into the queue.", now.accepted());
    text.counter("psc_delivery_accepted_bytes_total", "Pprof bytes accepted.", now.acceptedBytes());
    text.counter(
        "psc_delivery_replayed_total", "Profiles found in the spool at start.", now.replayed());
    text.counter("psc_delivery_sent_total", "Profiles accepted by the store.", now.sent());
    text.counter("psc_delivery_sent_bytes_total", "Bytes of sent profiles.", now.sentBytes());
    text.counter("psc_delivery_retried_total", "Profiles sent again.", now.retried());
    text.counter("psc_delivery_calls_total", "Calls to the store that ended.", now.calls());
    reasons(
        text,
        "psc_delivery_dropped_total",
        "Profiles dropped after acceptance, by reason.",
        DeliverySnapshot.DROP_REASONS,
        now.dropped());
    reasons(
        text,
        "psc_delivery_refused_total",
        "Profiles rejected before the queue, by reason.",
        DeliverySnapshot.REFUSAL_REASONS,
        now.refused());
    text.gauge("psc_delivery_calls_in_flight", "Running calls to the store.", now.callsInFlight());
    text.gauge("psc_delivery_memory_bytes", "Pprof bytes in memory.", now.memoryBytes());
    text.gauge("psc_delivery_queue_profiles", "Queued profiles.", now.queued());
    text.gauge("psc_delivery_queue_bytes", "Bytes of queued profiles.", now.queueBytes());
    text.gauge("psc_delivery_spool_bytes", "Size of the spool's files.", now.spoolBytes());
    text.gauge(
        "psc_delivery_spool_healthy",
        "1 while the spool is writable, or without a spool.",
        now.spoolHealthy() ? 1 : 0);
    text.gauge(
        "psc_delivery_oldest_age_seconds",
        "Age of the oldest queued profile.",
        now.oldestAge().toMillis() / 1e3);
    for (DeliveryState state : DeliveryState.values()) {
      text.gauge(
          "psc_delivery_state",
          "1 for the current state of sending.",
          now.state() == state ? 1 : 0,
          "state",
          state.name().toLowerCase(Locale.ROOT));
    }
    String help = "Time from acceptance to the store's response.";
    text.quantile("psc_delivery_latency_seconds", help, "0.5", now.latencyP50().toMillis() / 1e3);
    text.quantile("psc_delivery_latency_seconds", help, "0.99", now.latencyP99().toMillis() / 1e3);
    text.quantile("psc_delivery_latency_seconds", help, "1", now.latencyMax().toMillis() / 1e3);
  }

  private static void reasons(
      PrometheusText text, String name, String help, List<String> known, Map<String, Long> counts) {
    Map<String, Long> all = new TreeMap<>(counts);
    known.forEach(reason -> all.putIfAbsent(reason, 0L));
    all.forEach((reason, count) -> text.counter(name, help, count, "reason", reason));
  }
}
