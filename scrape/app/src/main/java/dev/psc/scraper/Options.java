package dev.psc.scraper;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/**
 * The command line as picocli fills it. Every flag can also be given by an environment variable:
 * {@code --store-address} by {@code PSC_STORE_ADDRESS}, and so on; see {@link EnvironmentDefaults}.
 */
@Command(
    name = "psc-scraper",
    description =
        "Scrapes pprof profiles over HTTP and sends them to Polar Signals Cloud or any"
            + " Parca-compatible store.",
    sortOptions = false,
    sortSynopsis = false,
    usageHelpAutoWidth = true,
    synopsisHeading = "Usage: ",
    customSynopsis = {
      "psc-scraper --mode=scraper-only --store-address=HOST:PORT [--config-path=FILE] [flags]",
      "       psc-scraper push --store-address=HOST:PORT [flags] FILE.jfr…",
      "       psc-scraper health [-addr=:7070]"
    },
    footerHeading = "%n",
    footer = {
      "Every flag can be set by an environment variable: --store-address by PSC_STORE_ADDRESS.",
      "Flags win over variables. See the README of scrape/app for all of them."
    })
final class Options {

  /** What to scrape. */
  @Mixin final Scrape scrape = new Scrape();

  /** Where to send it. */
  @Mixin final Store store = new Store();

  /** What is kept through an outage. */
  @Mixin final Buffer buffer = new Buffer();

  /** Status, logs. */
  @Mixin final Serve serve = new Serve();

  /** Look, and exit. */
  @Mixin final Look look = new Look();

  @Mixin final Ignored ignored = new Ignored();

  @Parameters(arity = "0..*", hidden = true)
  List<String> arguments = new ArrayList<>();

  /** Returns the groups of flags for the help, by their headings. */
  static Map<String, Object> groups() {
    Map<String, Object> groups = new LinkedHashMap<>();
    groups.put("What to scrape", new Scrape());
    groups.put("Where to send it", new Store());
    groups.put("What is kept through an outage", new Buffer());
    groups.put("Status, logs", new Serve());
    groups.put("Look, and exit", new Look());
    return groups;
  }

  /** Returns how long the process may take to end: the flush, and a little for the rest. */
  Duration shutdownWait() {
    return buffer.shutdownTimeout.plusSeconds(6);
  }

  /**
   * Returns the shard of the flag.
   *
   * @throws UsageException when it is none
   */
  Optional<Shard> shard() throws UsageException {
    return scrape.shard == null ? Optional.empty() : Optional.of(Shard.parse(scrape.shard));
  }

  static final class Scrape {
    @Option(
        names = "--config-path",
        paramLabel = "FILE",
        defaultValue = "parca.yaml",
        description = "YAML configuration with scrape_configs. Default: ${DEFAULT-VALUE}")
    Path configPath = Path.of("parca.yaml");

    @Option(
        names = "--mode",
        paramLabel = "MODE",
        defaultValue = "all",
        description = "Must be scraper-only: this program has no store of its own.")
    String mode = "all";

    @Option(
        names = "--external-label",
        paramLabel = "KEY=VALUE",
        description = "Label put on every profile; repeatable, or several joined by ';'.")
    List<String> externalLabels = new ArrayList<>();

    @Option(
        names = "--shard",
        paramLabel = "I/N",
        description =
            "Scrape only the targets whose address hashes to shard I (from 0) of N; each of N"
                + " scrapers gets another I.")
    @Nullable String shard;

    @Option(
        names = "--max-concurrent-scrapes",
        paramLabel = "N",
        description = "Scrapes under way at once, over all jobs. Default: 512")
    int maxConcurrentScrapes = 512;
  }

  static final class Store {
    @Option(
        names = "--store-address",
        paramLabel = "HOST:PORT",
        description = "gRPC address of the store, e.g. grpc.polarsignals.com:443.")
    @Nullable String storeAddress;

    @Option(
        names = "--bearer-token-file",
        paramLabel = "FILE",
        description = "File with the service account token (psc_v1_…); read again when it changes.")
    @Nullable Path bearerTokenFile;

    @Option(
        names = "--bearer-token",
        paramLabel = "TOKEN",
        description =
            "The token itself (also PARCA_BEARER_TOKEN). Prefer the file: a command line is seen"
                + " by every user of the machine.")
    @Nullable String bearerToken;

    @Option(
        names = "--grpc-headers",
        paramLabel = "KEY=VALUE",
        description =
            "Metadata sent with every call; repeatable, or several joined by ';'. The project:"
                + " --grpc-headers=projectID=<uuid>.")
    List<String> grpcHeaders = new ArrayList<>();

    @Option(
        names = "--allow-project-token",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Accept an old project token (JWT), which carries its project itself.")
    boolean allowProjectToken;

    @Option(
        names = "--insecure",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Plaintext instead of TLS.")
    boolean insecure;

    @Option(
        names = "--allow-plaintext-token",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "With --insecure, let the token travel unencrypted to an address that is not of this"
                + " machine.")
    boolean allowPlaintextToken;

    @Option(
        names = "--insecure-skip-verify",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "TLS without checking the store's certificate.")
    boolean insecureSkipVerify;

    @Option(
        names = "--ca-file",
        paramLabel = "FILE",
        description = "PEM certificates to trust for the store instead of the JDK's.")
    @Nullable Path caFile;

    @Option(
        names = "--client-cert-file",
        paramLabel = "FILE",
        description = "PEM client certificate for the store.")
    @Nullable Path clientCertFile;

    @Option(
        names = "--client-key-file",
        paramLabel = "FILE",
        description = "PEM private key (PKCS#8) of --client-cert-file.")
    @Nullable Path clientKeyFile;
  }

  static final class Buffer {
    @Option(
        names = "--queue-max-bytes",
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description = "Profiles kept in memory for the store, e.g. 64MiB. Default: 64MiB")
    ByteSize queueMaxBytes = ByteSize.mebibytes(64);

    @Option(
        names = "--spool-dir",
        paramLabel = "DIR",
        description =
            "Keep profiles on disk until the store has them: they survive a restart and a kill.")
    @Nullable Path spoolDir;

    @Option(
        names = "--spool-max-bytes",
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description = "Disk that the spool may use; the oldest goes first. Default: 1GiB")
    ByteSize spoolMaxBytes = ByteSize.mebibytes(1024);

    @Option(
        names = "--shutdown-timeout",
        paramLabel = "DURATION",
        converter = DurationConverter.class,
        description = "How long to flush after SIGTERM. Default: 4s")
    Duration shutdownTimeout = Duration.ofSeconds(4);
  }

  static final class Serve {
    @Option(
        names = "--http-address",
        paramLabel = "[HOST]:PORT",
        description =
            "Status page, metrics, health (HTTP and gRPC on one port). Without a host it binds"
                + " every interface, as today's manifest needs it. Default: 127.0.0.1:7070")
    String httpAddress = "127.0.0.1:7070";

    @Option(
        names = "--http-token-file",
        paramLabel = "FILE",
        description = "File with a bearer token that everything but health then asks for.")
    @Nullable Path httpTokenFile;

    @Option(
        names = "--log-level",
        paramLabel = "LEVEL",
        defaultValue = "info",
        description = "error, warn, info or debug. Default: ${DEFAULT-VALUE}")
    String logLevel = "info";

    @Option(
        names = "--log-format",
        paramLabel = "FORMAT",
        defaultValue = "logfmt",
        description = "logfmt or json. Default: ${DEFAULT-VALUE}")
    String logFormat = "logfmt";
  }

  static final class Look {
    @Option(
        names = "--check",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "Check token, project, store and config step by step; exit 0 when all is well, 1"
                + " otherwise.")
    boolean check;

    @Option(
        names = "--print-targets",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "Discover once, print kept and dropped targets, exit with 1 if a discovery failed. Needs"
                + " no store.")
    boolean printTargets;

    @Option(
        names = "--print-config",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Print the config with every default filled in and secrets hidden, exit.")
    boolean printConfig;

    @Option(
        names = "--output",
        paramLabel = "FORMAT",
        defaultValue = "text",
        description = "text or json, for --check and --print-targets. Default: ${DEFAULT-VALUE}")
    String output = "text";

    @Option(
        names = "--version",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Print the version, exit.")
    boolean version;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        scope = ScopeType.LOCAL,
        description = "Print this help, exit.")
    boolean help;
  }

  /**
   * Flags of today's scraper that do nothing here and harm nobody. They are taken so that an
   * existing command line goes on to work; one warning names those that were given.
   */
  static final class Ignored {
    @Option(
        names = {
          "--http-read-timeout",
          "--http-write-timeout",
          "--cors-allowed-origins",
          "--otlp-address",
          "--otlp-exporter",
          "--path-prefix",
          "--mutex-profile-fraction",
          "--block-profile-rate",
          "--storage-active-memory",
          "--storage-granule-size",
          "--storage-path",
          "--storage-snapshot-trigger-size",
          "--storage-row-group-size",
          "--symbolizer-demangle-mode",
          "--symbolizer-external-addr-2-line-path",
          "--symbolizer-number-of-tries",
          "--debuginfo-cache-dir",
          "--debuginfo-upload-max-size",
          "--debuginfo-upload-max-duration",
          "--debuginfod-upstream-servers",
          "--debuginfod-http-request-timeout",
          "--metastore",
          "--profile-share-server"
        },
        hidden = true)
    List<String> withValue = new ArrayList<>();

    @Option(
        names = {
          "--otlp-insecure",
          "--storage-enable-wal",
          "--storage-index-on-disk",
          "--debuginfo-uploads-signed-url",
          "--experimental-arrow"
        },
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        hidden = true)
    List<String> switches = new ArrayList<>();

    /** Would promise a store of its own, which does not exist here: refused with the reason. */
    @Option(names = "--enable-persistence", arity = "0..1", fallbackValue = "true", hidden = true)
    boolean enablePersistence;

    /** The old name of {@code --http-address}. */
    @Option(names = "--port", hidden = true)
    @Nullable String port;
  }
}
