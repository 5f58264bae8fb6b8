package dev.psc.scraper.cli;

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
 * The command line, filled by picocli. Every flag also has an environment variable, e.g. {@code
 * PSC_STORE_ADDRESS} for {@code --store-address}; see {@link EnvironmentDefaults}.
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
      "       psc-scraper diff BEFORE.pb.gz AFTER.pb.gz > diff.html",
      "       psc-scraper health [-addr=:7070]"
    },
    footerHeading = "%n",
    footer = {
      "Every flag has an environment variable, e.g. PSC_STORE_ADDRESS for --store-address.",
      "Flags take precedence over variables."
    })
public final class Options {

  /** Flags about scraping. */
  @Mixin public final Scrape scrape = new Scrape();

  /** Flags about the store. */
  @Mixin public final Store store = new Store();

  /** Flags about buffering. */
  @Mixin public final Buffer buffer = new Buffer();

  /** Flags about the status server and logs. */
  @Mixin public final Serve serve = new Serve();

  /** Flags that print something and exit. */
  @Mixin public final Inspect inspect = new Inspect();

  @Mixin public final Ignored ignored = new Ignored();

  @Parameters(arity = "0..*", hidden = true)
  public List<String> arguments = new ArrayList<>();

  /** Returns the groups of flags for the help, by their headings. */
  static Map<String, Object> groups() {
    Map<String, Object> groups = new LinkedHashMap<>();
    groups.put("Scraping", new Scrape());
    groups.put("Store", new Store());
    groups.put("Buffering", new Buffer());
    groups.put("Status and logs", new Serve());
    groups.put("Inspect and exit", new Inspect());
    return groups;
  }

  /**
   * Returns the shard of the flag.
   *
   * @throws UsageException when its value is malformed
   */
  public Optional<Shard> shard() throws UsageException {
    return scrape.shard == null ? Optional.empty() : Optional.of(Shard.parse(scrape.shard));
  }

  public static final class Scrape {
    @Option(
        names = "--config-path",
        paramLabel = "FILE",
        defaultValue = "parca.yaml",
        description = "YAML configuration with scrape_configs. Default: ${DEFAULT-VALUE}")
    public Path configPath = Path.of("parca.yaml");

    @Option(
        names = "--mode",
        paramLabel = "MODE",
        defaultValue = "all",
        description = "Must be scraper-only: this program has no built-in store.")
    public String mode = "all";

    @Option(
        names = "--external-label",
        paramLabel = "KEY=VALUE",
        description = "Label added to every profile; repeatable, or several joined by ';'.")
    public List<String> externalLabels = new ArrayList<>();

    @Option(
        names = "--shard",
        paramLabel = "I/N",
        description =
            "Scrape only the targets whose address hashes to shard I (from 0) of N; each of the N"
                + " scrapers has a different I.")
    public @Nullable String shard;

    @Option(
        names = "--max-concurrent-scrapes",
        paramLabel = "N",
        description = "Limit on concurrent scrapes of all jobs. Default: 512")
    public int maxConcurrentScrapes = 512;
  }

  public static final class Store {
    @Option(
        names = "--store-address",
        paramLabel = "HOST[:PORT]",
        description =
            "gRPC address of the store, e.g. grpc.polarsignals.com:443. The port is 443 by"
                + " default.")
    public @Nullable String storeAddress;

    @Option(
        names = "--bearer-token-file",
        paramLabel = "FILE",
        description = "File with the service account token (psc_v1_…); reloaded when it changes.")
    public @Nullable Path bearerTokenFile;

    @Option(
        names = "--bearer-token",
        paramLabel = "TOKEN",
        description =
            "The token (also PARCA_BEARER_TOKEN). Prefer the file: every user of the machine can"
                + " read command lines.")
    public @Nullable String bearerToken;

    @Option(
        names = "--grpc-headers",
        paramLabel = "KEY=VALUE",
        description = "Metadata sent with every call; repeatable, or several joined by ';'.")
    public List<String> grpcHeaders = new ArrayList<>();

    @Option(
        names = "--project-id",
        paramLabel = "UUID",
        description =
            "Project that the token writes to. The same as --grpc-headers=projectID=UUID.")
    public @Nullable String projectId;

    @Option(
        names = "--allow-project-token",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Accept an old project token (JWT), which names its project.")
    public boolean allowProjectToken;

    @Option(
        names = "--insecure",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Use plaintext instead of TLS.")
    public boolean insecure;

    @Option(
        names = "--allow-plaintext-token",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "With --insecure, send the token unencrypted to an address that is not a loopback"
                + " address.")
    public boolean allowPlaintextToken;

    @Option(
        names = "--insecure-skip-verify",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Use TLS without verifying the store's certificate.")
    public boolean insecureSkipVerify;

    @Option(
        names = "--ca-file",
        paramLabel = "FILE",
        description = "PEM certificates to trust for the store instead of the JDK's.")
    public @Nullable Path caFile;

    @Option(
        names = "--client-cert-file",
        paramLabel = "FILE",
        description = "PEM client certificate for the store.")
    public @Nullable Path clientCertFile;

    @Option(
        names = "--client-key-file",
        paramLabel = "FILE",
        description = "PEM private key (PKCS#8) of --client-cert-file.")
    public @Nullable Path clientKeyFile;

    @Option(
        names = "--otlp-endpoint",
        paramLabel = "URL",
        description =
            "Receiver of OTLP profiles, e.g. http://collector:4318, with or without a store."
                + " The variables OTEL_EXPORTER_OTLP_* apply; the protocol is grpc by default.")
    public @Nullable String otlpEndpoint;
  }

  public static final class Buffer {
    @Option(
        names = "--queue-max-bytes",
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description = "Limit on the bytes of profiles queued in memory, e.g. 64MiB. Default: 64MiB")
    public ByteSize queueMaxBytes = ByteSize.mebibytes(64);

    @Option(
        names = "--spool-dir",
        paramLabel = "DIR",
        description =
            "Directory for profiles that are not sent yet. They survive a restart and a kill.")
    public @Nullable Path spoolDir;

    @Option(
        names = "--spool-max-bytes",
        paramLabel = "SIZE",
        converter = ByteSize.Converter.class,
        description =
            "Limit on the spool's size; the oldest profiles are dropped first. Default: 1GiB")
    public ByteSize spoolMaxBytes = ByteSize.mebibytes(1024);

    @Option(
        names = "--profile-max-age",
        paramLabel = "DURATION",
        converter = DurationConverter.class,
        description =
            "Drop an unsent profile this long after its scrape, by this machine's clock."
                + " Default: 7d")
    public Duration profileMaxAge = Duration.ofDays(7);

    @Option(
        names = "--shutdown-timeout",
        paramLabel = "DURATION",
        converter = DurationConverter.class,
        description =
            "Time limit from SIGTERM to exit, mostly for sending queued profiles." + " Default: 4s")
    public Duration shutdownTimeout = Duration.ofSeconds(4);
  }

  public static final class Serve {
    @Option(
        names = "--http-address",
        paramLabel = "[HOST]:PORT",
        description =
            "Address of the status page, metrics and health (HTTP and gRPC on one port). Without a"
                + " host, all interfaces. Default: 127.0.0.1:7070")
    public String httpAddress = "127.0.0.1:7070";

    @Option(
        names = "--path-prefix",
        paramLabel = "PATH",
        description = "Serve every page below this path too, for a reverse proxy.")
    public String pathPrefix = "";

    @Option(
        names = "--http-token-file",
        paramLabel = "FILE",
        description = "File with a bearer token that all pages except health require.")
    public @Nullable Path httpTokenFile;

    @Option(
        names = "--log-level",
        paramLabel = "LEVEL",
        defaultValue = "info",
        description = "error, warn, info or debug. Default: ${DEFAULT-VALUE}")
    public String logLevel = "info";

    @Option(
        names = "--log-format",
        paramLabel = "FORMAT",
        defaultValue = "logfmt",
        description = "logfmt or json. Default: ${DEFAULT-VALUE}")
    public String logFormat = "logfmt";
  }

  public static final class Inspect {
    @Option(
        names = "--check",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "Check flags, config, token, project and store step by step, and fetch each profile of"
                + " each target once; exit 0 if all steps pass, else 1.")
    public boolean check;

    @Option(
        names = "--print-targets",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description =
            "Discover once, print kept and dropped targets and exit; exit 1 if a discovery failed."
                + " Needs no store.")
    public boolean printTargets;

    @Option(
        names = "--print-config",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Print the config with all defaults, without secrets, and exit.")
    public boolean printConfig;

    @Option(
        names = "--output",
        paramLabel = "FORMAT",
        defaultValue = "text",
        description = "text or json, for --check and --print-targets. Default: ${DEFAULT-VALUE}")
    public String output = "text";

    @Option(
        names = "--version",
        arity = "0..1",
        paramLabel = "true|false",
        fallbackValue = "true",
        description = "Print the version and exit.")
    public boolean version;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        scope = ScopeType.LOCAL,
        description = "Print this help and exit.")
    public boolean help;
  }

  /**
   * Flags of the Polar Signals scraper that have no effect here. They are accepted so that an
   * existing command line keeps working; one warning counts those that were given.
   */
  public static final class Ignored {
    @Option(
        names = {
          "--http-read-timeout",
          "--http-write-timeout",
          "--cors-allowed-origins",
          "--otlp-address",
          "--otlp-exporter",
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
    public List<String> withValue = new ArrayList<>();

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
    public List<String> switches = new ArrayList<>();

    /** Rejected: this program has no built-in store. */
    @Option(names = "--enable-persistence", arity = "0..1", fallbackValue = "true", hidden = true)
    public boolean enablePersistence;

    /** The old name of {@code --http-address}. */
    @Option(names = "--port", hidden = true)
    public @Nullable String port;
  }
}
