package dev.psc.scraper.status;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.label.LabelSet;
import dev.psc.net.DaemonThreads;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.store.StoreConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of a running scraper: the config in use, the scrape engine, the connection to the store
 * and counters.
 *
 * <p>Thread-safe. {@link #close()} closes the engine and the connection.
 */
public final class ScraperState {

  private static final Logger logger = LoggerFactory.getLogger(ScraperState.class);
  private static final long LAST_PROFILES_MAX_BYTES =
      Math.min(16L << 20, Runtime.getRuntime().maxMemory() / 16);

  private static final long VIEW_NANOS = 1_000_000_000L;
  private static final Duration MIN_FLUSH = Duration.ofMillis(200);

  /** The part of {@code --shutdown-timeout} that is left for what follows the flush. */
  private static final int AFTER_FLUSH_PARTS = 8;

  private final Options options;
  private final LabelSet externalLabels;
  private final StoreConnection store;
  private final Scraper scraper;
  private final ScrapeCounters counters = new ScrapeCounters();
  private final LastProfiles lastProfiles = new LastProfiles(LAST_PROFILES_MAX_BYTES);
  private final Instant startedAt = Instant.now();
  private final Object viewLock = new Object();
  private @Nullable TargetView view;
  private long viewNanos;
  private volatile ConfigFile config;
  private volatile String configError = "";
  private volatile boolean discovered;
  private volatile boolean closed;

  /**
   * Creates the state of a scraper that is not started yet.
   *
   * @param store is closed by {@link #close()}
   * @throws UsageException when a flag has an illegal value
   */
  public ScraperState(
      Options options, LabelSet externalLabels, ConfigFile config, StoreConnection store)
      throws UsageException {
    this.options = options;
    this.externalLabels = externalLabels;
    this.config = config;
    this.store = store;
    this.scraper = ScraperSettings.builder(options, config, externalLabels, counters).build();
  }

  /** Starts sending and scraping. */
  public void start() {
    store.receiver().start();
    counters.begin(config.jobs());
    scraper.start(remembering(store.receiver()));
  }

  private ProfileReceiver remembering(ProfileReceiver queue) {
    return (RawProfile profile) -> {
      lastProfiles.put(profile);
      Acceptance acceptance = queue.accept(profile);
      counters.accepted(acceptance);
      return acceptance;
    };
  }

  /**
   * Reloads the config. An invalid config leaves the previous one in use.
   *
   * @return the problems, or the empty text
   */
  public synchronized String reload() {
    if (closed) {
      return "shutting down";
    }
    ConfigFile next;
    try {
      next = ConfigFile.read(options.scrape.configPath);
    } catch (UsageException e) {
      configError = String.valueOf(e.getMessage());
      counters.reloaded(false);
      logger.error(
          "Changed config is invalid; the previous config stays in use: {}", e.getMessage());
      return configError;
    }
    counters.begin(next.jobs());
    scraper.reload(next.jobs());
    refreshView();
    config = next;
    configError = "";
    counters.reloaded(true);
    logger.atInfo().addKeyValue("jobs", next.jobs().size()).log("Config reloaded");
    return "";
  }

  /** Returns the reason why the scraper is not ready, or the empty text. */
  public String notReady(ScraperSnapshot snapshot) {
    if (closed) {
      return "shutting down";
    }
    if (!store.tokenOrigin().equals("none") && store.tokenFingerprint().isEmpty()) {
      return "token is not usable: " + store.tokenProblem();
    }
    if (!discovered) {
      String waiting =
          snapshot.jobs().stream()
              .flatMap(
                  job ->
                      job.discoveries().stream()
                          .filter(d -> d.lastUpdate().isEmpty())
                          .map(d -> job.name() + " (" + d.key() + ")"))
              .collect(Collectors.joining(", "));
      if (!waiting.isEmpty()) {
        return "waiting for discovery: " + waiting;
      }
      discovered = true;
    }
    return "";
  }

  /**
   * Returns the targets as of at most a second ago, or as of now after {@link #refreshView}. All
   * callers of that second share it: a snapshot of 50,000 targets has several megabytes.
   */
  public TargetView view() {
    synchronized (viewLock) {
      long now = System.nanoTime();
      TargetView last = view;
      if (last == null || now - viewNanos > VIEW_NANOS) {
        last = TargetView.of(scraper.snapshot());
        view = last;
        viewNanos = System.nanoTime();
      }
      return last;
    }
  }

  /** Makes the next call of {@link #view} take a new snapshot. */
  public void refreshView() {
    synchronized (viewLock) {
      view = null;
    }
  }

  public Scraper scraper() {
    return scraper;
  }

  public StoreConnection store() {
    return store;
  }

  public List<ScrapeJob> jobs() {
    return config.jobs();
  }

  public LabelSet externalLabels() {
    return externalLabels;
  }

  public ScrapeCounters counters() {
    return counters;
  }

  public LastProfiles lastProfiles() {
    return lastProfiles;
  }

  public Instant startedAt() {
    return startedAt;
  }

  /** Returns the config in use with all defaults, without secrets. */
  public String effectiveYaml() {
    return config.effectiveYaml();
  }

  public Path configPath() {
    return options.scrape.configPath;
  }

  public Instant configLoadedAt() {
    return config.readAt();
  }

  public String configError() {
    return configError;
  }

  public long queueMaxBytes() {
    return options.buffer.spoolDir == null
        ? StoreConnection.queueMaxBytes(options.buffer, Runtime.getRuntime().maxMemory())
        : options.buffer.spoolMaxBytes.bytes();
  }

  /** Returns a description of the place of queued profiles. */
  public String spool(DeliverySnapshot now) {
    if (options.buffer.spoolDir == null) {
      return "in memory";
    }
    return now.spoolHealthy()
        ? "on disk in " + options.buffer.spoolDir
        : "in memory, because the spool is not writable: " + now.spoolMessage();
  }

  /** Stops scraping, flushes and disconnects within {@code --shutdown-timeout}; idempotent. */
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    long start = System.nanoTime();
    Duration timeout = options.buffer.shutdownTimeout;
    stopScraping(timeout.toMillis() / 4);
    Duration left =
        timeout.minus(timeout.dividedBy(AFTER_FLUSH_PARTS)).minusNanos(System.nanoTime() - start);
    store.close(left.compareTo(MIN_FLUSH) < 0 ? MIN_FLUSH : left);
  }

  /** A discovery or a profile that does not end must not take the time of the flush. */
  private void stopScraping(long atMostMillis) {
    Thread stopping = DaemonThreads.named("psc-stop-scraping").newThread(scraper::close);
    stopping.start();
    try {
      stopping.join(Math.max(1, atMostMillis));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
