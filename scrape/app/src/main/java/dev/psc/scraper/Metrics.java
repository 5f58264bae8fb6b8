package dev.psc.scraper;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What {@code /metrics} says. */
final class Metrics {

  private Metrics() {}

  static String of(ScraperRun run) {
    PrometheusText text = new PrometheusText();
    text.gauge("psc_build_info", "Always 1.", 1, "version", Version.TEXT);
    run.counters().write(text);
    scraper(text, run.scraper().snapshot());
    store(text, run.store().delivery().snapshot());
    Runtime jvm = Runtime.getRuntime();
    text.gauge(
        "psc_jvm_heap_used_bytes",
        "Heap in use by this process.",
        jvm.totalMemory() - (double) jvm.freeMemory());
    text.gauge("psc_jvm_heap_max_bytes", "Heap it may use.", jvm.maxMemory());
    return text.toString();
  }

  private static void scraper(PrometheusText text, ScraperSnapshot scraper) {
    for (ScraperSnapshot.Job job : scraper.jobs()) {
      String help = "Targets by job and health; dropped by relabelling, invalid when unusable.";
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
            "1 while a discovery sees its targets.",
            discovery.error().isEmpty() ? 1 : 0,
            "job",
            job.name(),
            "discovery",
            discovery.key());
      }
    }
    text.gauge("psc_scrapes_running", "Scrapes under way.", scraper.scraping());
    text.gauge("psc_scrapes_waiting", "Scrapes that are due and wait.", scraper.waiting());
  }

  static void store(PrometheusText text, DeliverySnapshot now) {
    text.counter("psc_delivery_accepted_total", "Profiles taken into the queue.", now.accepted());
    text.counter("psc_delivery_accepted_bytes_total", "Pprof bytes accepted.", now.acceptedBytes());
    text.counter("psc_delivery_replayed_total", "Profiles found on disk at start.", now.replayed());
    text.counter("psc_delivery_sent_total", "Profiles the store has.", now.sent());
    text.counter("psc_delivery_sent_bytes_total", "Their bytes.", now.sentBytes());
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
        "Profiles refused, by reason.",
        DeliverySnapshot.REFUSAL_REASONS,
        now.refused());
    text.gauge("psc_delivery_calls_in_flight", "Running calls to the store.", now.callsInFlight());
    text.gauge("psc_delivery_memory_bytes", "Pprof bytes in memory.", now.memoryBytes());
    text.gauge("psc_delivery_queue_profiles", "Profiles that wait.", now.queued());
    text.gauge("psc_delivery_queue_bytes", "Their bytes.", now.queueBytes());
    text.gauge("psc_delivery_spool_bytes", "Size of the spool's files.", now.spoolBytes());
    text.gauge(
        "psc_delivery_spool_healthy",
        "1 while the spool takes profiles; 1 without a spool.",
        now.spoolHealthy() ? 1 : 0);
    text.gauge(
        "psc_delivery_oldest_age_seconds",
        "Age of the oldest profile that waits.",
        now.oldestAge().toMillis() / 1e3);
    for (DeliveryState state : DeliveryState.values()) {
      text.gauge(
          "psc_delivery_state",
          "1 for the state that sending is in.",
          now.state() == state ? 1 : 0,
          "state",
          state.name().toLowerCase(Locale.ROOT));
    }
    String help = "From acceptance to the store's answer.";
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
