package dev.psc.scraper;

import dev.psc.label.LabelSet;
import dev.psc.net.DaemonThreads;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scraper.cli.HttpAddress;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.cli.Version;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ConfigWatch;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.server.ForwardService;
import dev.psc.scraper.server.OnePortServer;
import dev.psc.scraper.server.PathPrefix;
import dev.psc.scraper.server.Routes;
import dev.psc.scraper.server.SelfProfiles;
import dev.psc.scraper.server.TargetsService;
import dev.psc.scraper.server.TokenGuard;
import dev.psc.scraper.status.ScraperState;
import dev.psc.scraper.store.MessageLimit;
import dev.psc.scraper.store.StoreConnection;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running scraper: scrape engine, connection to the store, config watch and HTTP server.
 *
 * <p>Thread-safe. The caller of {@link #start} closes it.
 */
final class ScraperRun implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(ScraperRun.class);

  private static final long STOP_SERVING_MILLIS = 200;

  private final ScraperState state;
  private final SelfProfiles selfProfiles = new SelfProfiles();
  private @Nullable OnePortServer server;
  private @Nullable ConfigWatch watch;

  private ScraperRun(ScraperState state) {
    this.state = state;
  }

  /**
   * Starts scraping, sending and serving.
   *
   * @throws UsageException when flags or config are wrong
   * @throws IOException when the address cannot be bound
   */
  static ScraperRun start(Options options) throws UsageException, IOException {
    LabelSet externalLabels = ScraperSettings.externalLabels(options);
    ConfigFile config = ConfigFile.read(options.scrape.configPath);
    TokenGuard guard =
        options.serve.httpTokenFile == null
            ? TokenGuard.open()
            : TokenGuard.ofFile(options.serve.httpTokenFile);
    var address = HttpAddress.parse("--http-address", options.serve.httpAddress);
    ScraperRun run =
        new ScraperRun(
            new ScraperState(
                options,
                externalLabels,
                config,
                StoreConnection.open(options, MessageLimit.bytes(config.jobs()))));
    boolean started = false;
    try {
      run.server =
          OnePortServer.start(
              address,
              PathPrefix.of(options.serve.pathPrefix)
                  .around(new Routes(run.state, run.selfProfiles)),
              List.of(
                  new TargetsService(run.scraper()),
                  new ForwardService(run.store().receiver()),
                  new HealthStatusManager().getHealthService()),
              guard);
      run.state.start();
      run.watch = ConfigWatch.start(options.scrape.configPath, run::reload);
      run.logStart(config);
      started = true;
      return run;
    } finally {
      if (!started) {
        run.close();
      }
    }
  }

  private void logStart(ConfigFile config) {
    StoreConnection store = state.store();
    logger
        .atInfo()
        .addKeyValue("version", Version.TEXT)
        .addKeyValue("jobs", config.jobs().size())
        .addKeyValue("store", store.address())
        .addKeyValue("project", store.project().map(Object::toString).orElse("none"))
        .addKeyValue(
            "token", store.tokenFingerprint().isEmpty() ? "none" : store.tokenFingerprint())
        .addKeyValue("http", "port " + port())
        .log("Scraping");
    if (store.lacksProject()) {
      logger.warn(
          "No project is set: a service account token needs --project-id=<your project's id>");
    }
    logger.debug("Effective config:\n{}", config.effectiveYaml());
  }

  /** Reads the config again; see {@link ScraperState#reload()}. */
  String reload() {
    return state.reload();
  }

  Scraper scraper() {
    return state.scraper();
  }

  StoreConnection store() {
    return state.store();
  }

  List<ScrapeJob> jobs() {
    return state.jobs();
  }

  /** Returns the port that the server listens on, or -1 without a server. */
  int port() {
    return server == null ? -1 : server.port();
  }

  /** Stops scraping, flushes and stops everything within {@code --shutdown-timeout}; idempotent. */
  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
    // Stopping the server and the recorder may take a second, so it runs during the flush.
    Thread serving = DaemonThreads.named("psc-stop-server").newThread(this::stopServing);
    serving.start();
    state.close();
    try {
      serving.join(STOP_SERVING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stopServing() {
    if (server != null) {
      server.close();
    }
    selfProfiles.close();
  }
}
