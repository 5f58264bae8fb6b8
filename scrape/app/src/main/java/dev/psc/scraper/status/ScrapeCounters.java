package dev.psc.scraper.status;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** The counters of the scrape loops, for {@code /metrics}. Thread-safe. */
final class ScrapeCounters implements ScrapeListener {

  /** Scrapes of one job that ended the same way. */
  record Key(String job, String outcome) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int byJob = job.compareTo(other.job);
      return byJob != 0 ? byJob : outcome.compareTo(other.outcome);
    }
  }

  /** The bounds of the buckets of lateness, in seconds. */
  private static final double[] LATENESS = {0.01, 0.1, 1, 10};

  private final Map<Key, LongAdder> scrapes = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> failed = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> missed = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> syncs = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> acceptances = new ConcurrentHashMap<>();
  private final LongAdder bytes = new LongAdder();
  private final LongAdder durationNanos = new LongAdder();
  private final LongAdder latenessNanos = new LongAdder();
  private final LongAdder[] lateness =
      Stream.generate(LongAdder::new).limit(LATENESS.length + 1).toArray(LongAdder[]::new);
  private volatile boolean lastReloadGood = true;
  private volatile Instant lastGoodReload = Instant.now();

  @Override
  public void scraped(ScrapeReport report) {
    add(scrapes, new Key(report.target().job().name(), report.reason()), 1);
    if (!report.outcome().isHealthy()) {
      add(failed, report.target().job().name(), 1);
    }
    bytes.add(report.sizeBytes());
    durationNanos.add(report.duration().toNanos());
    latenessNanos.add(report.lateness().toNanos());
    lateness[bucket(report.lateness().toNanos() / 1e9)].increment();
  }

  private static int bucket(double seconds) {
    int bucket = 0;
    while (bucket < LATENESS.length && seconds > LATENESS[bucket]) {
      bucket++;
    }
    return bucket;
  }

  @Override
  public void missed(Target target, long intervals) {
    add(missed, target.job().name(), intervals);
  }

  @Override
  public void targetsChanged(String job, int kept, int dropped, int invalid) {
    add(syncs, job, 1);
  }

  /** Creates the counters of jobs at 0, so that an alert notices the first increase. */
  void begin(List<ScrapeJob> jobs) {
    for (ScrapeJob job : jobs) {
      add(scrapes, new Key(job.name(), ScrapeOutcome.OK.reason()), 0);
      List.of(failed, missed, syncs).forEach(counters -> add(counters, job.name(), 0));
    }
  }

  void accepted(Acceptance acceptance) {
    add(acceptances, acceptance.isAccepted() ? "accepted" : "refused", 1);
  }

  void reloaded(boolean good) {
    lastReloadGood = good;
    if (good) {
      lastGoodReload = Instant.now();
    }
  }

  private static <K> void add(Map<K, LongAdder> map, K key, long count) {
    map.computeIfAbsent(key, k -> new LongAdder()).add(count);
  }

  void write(PrometheusText text) {
    String scraped = "Scrapes by job and outcome: ok, or the reason of a failure.";
    new TreeMap<>(scrapes)
        .forEach(
            (key, count) ->
                text.counter(
                    "psc_scrapes_total",
                    scraped,
                    count.sum(),
                    "job",
                    key.job(),
                    "outcome",
                    key.outcome()));
    long all = scrapes.values().stream().mapToLong(LongAdder::sum).sum();
    text.sumAndCount(
        "psc_scrape_duration_seconds", "Duration of scrapes.", durationNanos.sum() / 1e9, all);
    text.histogram(
        "psc_scrape_lateness_seconds",
        "Delay of scrapes after their due time.",
        latenessNanos.sum() / 1e9,
        LATENESS,
        Stream.of(lateness).mapToLong(LongAdder::sum).toArray());
    text.counter("psc_scrape_bytes_total", "Bytes of profiles received.", bytes.sum());
    new TreeMap<>(failed)
        .forEach(
            (job, count) ->
                text.counter(
                    "psc_scrape_failures_total",
                    "Scrapes that failed, for any reason.",
                    count.sum(),
                    "job",
                    job));
    new TreeMap<>(missed)
        .forEach(
            (job, count) ->
                text.counter(
                    "psc_scrape_missed_intervals_total",
                    "Intervals without a scrape because the previous one was still running.",
                    count.sum(),
                    "job",
                    job));
    new TreeMap<>(syncs)
        .forEach(
            (job, count) ->
                text.counter(
                    "parca_target_scrape_pool_sync_total",
                    "Total number of syncs that were executed on a scrape pool.",
                    count.sum(),
                    "scrape_job",
                    job));
    text.gauge(
        "psc_config_last_reload_successful",
        "1 if the last reload of the config succeeded.",
        lastReloadGood ? 1 : 0);
    text.gauge(
        "psc_config_last_reload_success_timestamp_seconds",
        "Time of the last successful reload of the config.",
        lastGoodReload.getEpochSecond());
    text.gauge(
        "parca_config_last_reload_successful",
        "1 if the last reload succeeded, under the name in the Polar Signals scraper.",
        lastReloadGood ? 1 : 0);
    text.gauge(
        "parca_config_last_reload_success_timestamp_seconds",
        "Time of the last good reload, under the name in the Polar Signals scraper.",
        lastGoodReload.getEpochSecond());
  }
}
