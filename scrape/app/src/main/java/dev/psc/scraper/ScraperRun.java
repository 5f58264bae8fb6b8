package dev.psc.scraper;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.label.LabelSet;
import dev.psc.scrape.ScrapeListener;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperBuilder;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ScrapeJob;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running scraper: config, scrape loops, the way to the store, and the server that tells of them.
 *
 * <p>Thread-safe. Whoever starts it closes it.
 */
final class ScraperRun implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ScraperRun.class);
  private static final long LAST_PROFILES_MAX_BYTES =
      Math.min(16L << 20, Runtime.getRuntime().maxMemory() / 16);

  private final Options options;
  private final LabelSet externalLabels;
  private final StoreLink store;
  private final Scraper scraper;
  private final ScrapeCounters counters = new ScrapeCounters();
  private final LastProfiles lastProfiles = new LastProfiles(LAST_PROFILES_MAX_BYTES);
  private final Instant startedAt = Instant.now();
  private final SelfProfiles selfProfiles = new SelfProfiles();
  private @Nullable OnePortServer server;
  private @Nullable ConfigWatch watch;
  private volatile ConfigFile config;
  private volatile String configError = "";
  private volatile boolean discovered;
  private volatile boolean closed;

  private ScraperRun(Options options, LabelSet externalLabels, ConfigFile config, StoreLink store)
      throws UsageException {
    this.options = options;
    this.externalLabels = externalLabels;
    this.config = config;
    this.store = store;
    this.scraper = builder(options, config, externalLabels, counters).build();
  }

  /**
   * Starts everything.
   *
   * @throws UsageException when flags or config are wrong
   * @throws IOException when the port cannot be listened on
   */
  static ScraperRun start(Options options) throws UsageException, IOException {
    LabelSet externalLabels = externalLabels(options);
    ConfigFile config = ConfigFile.read(options.scrape.configPath);
    Guard guard =
        options.serve.httpTokenFile == null
            ? Guard.open()
            : Guard.ofFile(options.serve.httpTokenFile);
    var address = HttpAddress.parse("--http-address", options.serve.httpAddress);
    ScraperRun run = new ScraperRun(options, externalLabels, config, StoreLink.open(options));
    boolean started = false;
    try {
      run.server =
          OnePortServer.start(
              address,
              guard.around(new Routes(run)),
              List.of(new TargetsService(run.scraper), run.health()),
              guard);
      run.begin();
      started = true;
      return run;
    } finally {
      if (!started) {
        run.close();
      }
    }
  }

  /** Returns a builder of a scraper of the flags and the config, for real runs and for looking. */
  static ScraperBuilder builder(
      Options options, ConfigFile config, LabelSet externalLabels, ScrapeListener listener)
      throws UsageException {
    return Scraper.builder()
        .jobs(config.jobs())
        .externalLabels(externalLabels)
        .relabeling(options.shard().map(Shard::rules).orElse(Relabeling.NONE))
        .offsetSeed(Replica.name(System.getenv().getOrDefault("HOSTNAME", "")))
        .maxConcurrentScrapes(options.scrape.maxConcurrentScrapes)
        .userAgent("psc-scraper/" + Version.TEXT)
        .listener(listener);
  }

  static LabelSet externalLabels(Options options) throws UsageException {
    List<String> problems = new java.util.ArrayList<>();
    Map<String, String> pairs =
        KeyValues.read("--external-label", options.scrape.externalLabels, false, problems);
    for (String name : pairs.keySet()) {
      if (!LabelSet.isLegalName(name) || name.startsWith("__")) {
        problems.add(
            "--external-label: \""
                + name
                + "\" must match [a-zA-Z_][a-zA-Z0-9_]* and not begin with __");
      }
    }
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
    return LabelSet.copyOf(pairs);
  }

  private void begin() {
    store.delivery().start();
    scraper.start(remembering(store.delivery()));
    watch = ConfigWatch.start(options.scrape.configPath, this::reload);
    logger
        .atInfo()
        .addKeyValue("version", Version.TEXT)
        .addKeyValue("jobs", config.jobs().size())
        .addKeyValue("store", store.address())
        .addKeyValue("project", store.project().map(Object::toString).orElse("none"))
        .addKeyValue(
            "token", store.tokenFingerprint().isEmpty() ? "none" : store.tokenFingerprint())
        .addKeyValue("http", "port " + port())
        .log("scraping");
    if (store.project().isEmpty() && !store.tokenFingerprint().isEmpty()) {
      logger.warn(
          "no project: a service account token needs --grpc-headers=projectID=<your project's id>");
    }
    logger.debug("effective config:\n{}", config.effectiveYaml());
  }

  private ProfileReceiver remembering(ProfileReceiver queue) {
    return (RawProfile profile) -> {
      lastProfiles.put(profile);
      Acceptance acceptance = queue.accept(profile);
      counters.accepted(acceptance);
      return acceptance;
    };
  }

  private io.grpc.BindableService health() {
    var health = new io.grpc.protobuf.services.HealthStatusManager();
    return health.getHealthService();
  }

  /**
   * Reads the config again; a broken one changes nothing but the status.
   *
   * @return what is wrong, or the empty text
   */
  synchronized String reload() {
    if (closed) {
      return "shutting down";
    }
    ConfigFile next;
    try {
      next = ConfigFile.read(options.scrape.configPath);
    } catch (UsageException e) {
      configError = String.valueOf(e.getMessage());
      counters.reloaded(false);
      logger.error("the changed config is not used, the earlier one goes on: {}", e.getMessage());
      return configError;
    }
    scraper.reload(next.jobs());
    config = next;
    configError = "";
    counters.reloaded(true);
    logger.atInfo().addKeyValue("jobs", next.jobs().size()).log("config read again");
    return "";
  }

  /** Returns why the scraper is not ready, or the empty text. */
  String notReady(ScraperSnapshot snapshot) {
    if (closed) {
      return "shutting down";
    }
    if (!store.tokenOrigin().equals("none") && store.tokenFingerprint().isEmpty()) {
      return "the token is not usable: " + store.tokenProblem();
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
        return "not yet discovered: " + waiting;
      }
      discovered = true;
    }
    return "";
  }

  Scraper scraper() {
    return scraper;
  }

  StoreLink store() {
    return store;
  }

  List<ScrapeJob> jobs() {
    return config.jobs();
  }

  LabelSet externalLabels() {
    return externalLabels;
  }

  ScrapeCounters counters() {
    return counters;
  }

  LastProfiles lastProfiles() {
    return lastProfiles;
  }

  SelfProfiles selfProfiles() {
    return selfProfiles;
  }

  Instant startedAt() {
    return startedAt;
  }

  Path configPath() {
    return options.scrape.configPath;
  }

  Instant configLoadedAt() {
    return config.readAt();
  }

  String configError() {
    return configError;
  }

  long queueMaxBytes() {
    return options.buffer.spoolDir == null
        ? options.buffer.queueMaxBytes.bytes()
        : options.buffer.spoolMaxBytes.bytes();
  }

  /** Returns where the queue is kept, in words. */
  String spool(DeliverySnapshot now) {
    if (options.buffer.spoolDir == null) {
      return "in memory";
    }
    return now.spoolHealthy()
        ? "on disk in " + options.buffer.spoolDir
        : "in memory, because the disk does not take it: " + now.spoolMessage();
  }

  /** Returns the port that is listened on. */
  int port() {
    return server == null ? -1 : server.port();
  }

  /** Stops scraping, flushes within {@code --shutdown-timeout}, stops everything; idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    if (watch != null) {
      watch.close();
    }
    scraper.close();
    store.close(options.buffer.shutdownTimeout);
    selfProfiles.close();
    if (server != null) {
      server.close();
    }
  }
}
