package dev.psc.scraper.store;

import dev.psc.auth.BearerToken;
import dev.psc.auth.CallHeaders;
import dev.psc.auth.FileTokenSource;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.TokenUnavailableException;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryBuilder;
import dev.psc.delivery.FanOut;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.status.CloseReport;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.KeyValues;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.cli.Version;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection to the store that the flags describe: token source, channel, sink and queue.
 *
 * <p>Thread-safe. {@link #close(Duration)} flushes and closes everything in it.
 */
public final class StoreConnection {

  private static final Logger logger = LoggerFactory.getLogger(StoreConnection.class);
  private static final int HEAP_PER_QUEUE = 4;
  private static final long MIN_QUEUE_BYTES = 1 << 20;
  private static final String PROJECT_HEADER = "projectID";

  private final String address;
  private final CallHeaders headers;
  private final @Nullable TokenSource token;
  private final String tokenOrigin;
  private final boolean spooling;
  private final LossLog losses;
  private final Delivery delivery;
  private final FanOut receiver;

  private StoreConnection(
      String address,
      CallHeaders headers,
      @Nullable TokenSource token,
      String tokenOrigin,
      boolean spooling,
      LossLog losses,
      Delivery delivery,
      @Nullable Delivery second) {
    this.address = address;
    this.headers = headers;
    this.token = token;
    this.tokenOrigin = tokenOrigin;
    this.spooling = spooling;
    this.losses = losses;
    this.delivery = delivery;
    this.receiver = second == null ? FanOut.of(delivery) : FanOut.of(delivery, second);
  }

  /**
   * Opens the connection; nothing is sent before {@link Delivery#start}.
   *
   * @throws UsageException when flags contradict each other or name unusable files
   */
  public static StoreConnection open(Options options) throws UsageException {
    return open(options, MessageLimit.DEFAULT_BYTES);
  }

  /**
   * Opens the connection; nothing is sent before {@link Delivery#start}.
   *
   * @param messageLimitBytes the limit on one profile and on one request
   * @throws UsageException when flags contradict each other or name unusable files
   */
  public static StoreConnection open(Options options, long messageLimitBytes)
      throws UsageException {
    Options.Store store = options.store;
    boolean hasOtlp = store.otlpEndpoint != null && !store.otlpEndpoint.isBlank();
    boolean hasStore = store.storeAddress != null && !store.storeAddress.isBlank();
    LossLog losses = new LossLog(System::nanoTime);
    if (hasOtlp && !hasStore) {
      return new StoreConnection(
          String.valueOf(store.otlpEndpoint),
          CallHeaders.builder().build(),
          null,
          "none",
          options.buffer.spoolDir != null,
          losses,
          delivery(options, otlpSink(options, messageLimitBytes), messageLimitBytes, losses, true),
          null);
    }
    if (!hasStore) {
      throw new UsageException(
          "--store-address is missing: give the store's gRPC address, e.g."
              + " --store-address=grpc.polarsignals.com:443");
    }
    CallHeaders headers = headers(options);
    TokenSource token = tokenSource(options);
    boolean opened = false;
    try {
      StoreConnection link =
          new StoreConnection(
              String.valueOf(store.storeAddress),
              headers,
              token,
              origin(store),
              options.buffer.spoolDir != null,
              losses,
              delivery(options, headers, token, messageLimitBytes, losses),
              hasOtlp
                  ? delivery(
                      options,
                      otlpSink(options, messageLimitBytes),
                      messageLimitBytes,
                      losses,
                      false)
                  : null);
      opened = true;
      return link;
    } catch (IllegalArgumentException e) {
      throw new UsageException(flagOf(String.valueOf(e.getMessage())) + ": " + words(e));
    } finally {
      if (!opened && token != null) {
        token.close();
      }
    }
  }

  /** Returns the flag that a message of the channel is about. */
  private static String flagOf(String message) {
    if (message.startsWith("trusted certificates")) {
      return "--ca-file";
    }
    return message.startsWith("client certificate") ? "--client-cert-file" : "--store-address";
  }

  private static String words(IllegalArgumentException e) {
    return FlagWords.inFlags(String.valueOf(e.getMessage()));
  }

  private static Delivery delivery(
      Options options,
      CallHeaders headers,
      @Nullable TokenSource token,
      long messageLimitBytes,
      LossLog losses)
      throws UsageException {
    ManagedChannel channel = channel(options, headers, token);
    // Calls have had the time of the flush when the sink is closed.
    ProfileSink sink =
        GrpcProfileSink.builder(channel)
            .name("store")
            .ownedChannel(channel)
            .maxRequestBytes(messageLimitBytes)
            .closeTimeout(Duration.ofMillis(100))
            .build();
    return delivery(options, sink, messageLimitBytes, losses, true);
  }

  private static ProfileSink otlpSink(Options options, long messageLimitBytes)
      throws UsageException {
    try {
      return OtlpProfileSink.fromEnvironment(
              String.valueOf(options.store.otlpEndpoint), System.getenv())
          .maxRequestBytes(messageLimitBytes)
          .build();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--otlp-endpoint: " + e.getMessage());
    }
  }

  /**
   * Returns a queue in front of a sink.
   *
   * @param spools whether it may use {@code --spool-dir}, which is for one queue
   */
  private static Delivery delivery(
      Options options, ProfileSink sink, long messageLimitBytes, LossLog losses, boolean spools)
      throws UsageException {
    Options.Buffer buffer = options.buffer;
    long queueMaxBytes = queueMaxBytes(buffer, Runtime.getRuntime().maxMemory());
    if (queueMaxBytes < buffer.queueMaxBytes.bytes()) {
      logger.warn(
          "--queue-max-bytes={} is more than a quarter of the heap; using {} bytes: raise -Xmx, or"
              + " set --spool-dir",
          buffer.queueMaxBytes.bytes(),
          queueMaxBytes);
    }
    try {
      DeliveryBuilder builder =
          Delivery.builder(sink)
              .closeSink(true)
              .queueMaxBytes(queueMaxBytes)
              .profileMaxBytes(messageLimitBytes)
              .profileMaxAge(buffer.profileMaxAge)
              .closeTimeout(buffer.shutdownTimeout)
              .listener(StoreLog.of(losses));
      if (spools && buffer.spoolDir != null) {
        builder.spool(buffer.spoolDir).spoolMaxBytes(buffer.spoolMaxBytes.bytes());
      }
      return builder.build();
    } catch (IllegalArgumentException e) {
      sink.close();
      throw new UsageException(words(e));
    }
  }

  /**
   * Returns {@code --queue-max-bytes}, or a quarter of the heap if that is less: the rest is needed
   * for responses, inflated profiles and the state of targets.
   */
  public static long queueMaxBytes(Options.Buffer buffer, long heapBytes) {
    return Math.min(
        buffer.queueMaxBytes.bytes(), Math.max(MIN_QUEUE_BYTES, heapBytes / HEAP_PER_QUEUE));
  }

  /** Returns the settings of the channel to the store, without token and headers. */
  public static StoreChannels.Builder channelSettings(Options options) throws UsageException {
    Options.Store store = options.store;
    checkAddress(store);
    checkTls(store);
    StoreChannels.Builder channel;
    try {
      channel =
          StoreChannels.builder(String.valueOf(store.storeAddress))
              .proxyFromEnvironment()
              .application("psc-scraper/" + Version.TEXT);
    } catch (IllegalArgumentException e) {
      throw new UsageException("--store-address: " + words(e));
    }
    if (store.insecure) {
      channel.plaintext();
    }
    if (store.insecureSkipVerify) {
      channel.insecureSkipVerify();
    }
    if (store.caFile != null) {
      channel.caFile(store.caFile);
    }
    if (store.clientCertFile != null && store.clientKeyFile != null) {
      channel.clientCertificate(store.clientCertFile, store.clientKeyFile);
    }
    return channel;
  }

  private static void checkTls(Options.Store store) throws UsageException {
    if ((store.clientCertFile == null) != (store.clientKeyFile == null)) {
      throw new UsageException("--client-cert-file and --client-key-file must be given together");
    }
    if (store.insecureSkipVerify && store.caFile != null) {
      throw new UsageException(
          "--insecure-skip-verify and --ca-file are mutually exclusive: remove one");
    }
    String tls =
        store.caFile != null
            ? "--ca-file"
            : store.clientCertFile != null
                ? "--client-cert-file"
                : store.insecureSkipVerify ? "--insecure-skip-verify" : null;
    if (store.insecure && tls != null) {
      throw new UsageException(
          tls + " has no effect with --insecure, which disables TLS: remove one of them");
    }
  }

  /** Rejects an address that contradicts {@code --insecure}, or leaves its port to a guess. */
  private static void checkAddress(Options.Store store) throws UsageException {
    String address = String.valueOf(store.storeAddress).strip().toLowerCase(Locale.ROOT);
    if (!store.insecure || address.startsWith("http://")) {
      return;
    }
    if (address.startsWith("https://")) {
      throw new UsageException(
          "--store-address=https://… requires TLS, but --insecure disables it: remove one of them");
    }
    String host = address.substring(address.lastIndexOf(']') + 1);
    if (host.indexOf(':') < 0) {
      throw new UsageException(
          "--store-address has no port, which --insecure requires: give host:port");
    }
  }

  private static ManagedChannel channel(
      Options options, CallHeaders headers, @Nullable TokenSource token) throws UsageException {
    Options.Store store = options.store;
    StoreChannels.Builder channel = channelSettings(options);
    if (token != null) {
      Optional<ProjectId> project = headers.projectId();
      PscAuthInterceptor.Builder interceptor =
          project.isPresent()
              ? PscAuthInterceptor.builder(token, project.get())
              : PscAuthInterceptor.builderWithoutProject(token);
      interceptor.headers(headers.withoutProjectId());
      if (store.allowPlaintextToken) {
        interceptor.allowPlaintextToken();
      } else {
        interceptor.allowPlaintextOnLoopback();
      }
      channel.interceptor(interceptor.build());
    } else {
      channel.interceptor(
          io.grpc.stub.MetadataUtils.newAttachHeadersInterceptor(headers.toMetadata()));
    }
    return channel.build();
  }

  /**
   * Returns the metadata of {@code --grpc-headers} and {@code --project-id}.
   *
   * @throws UsageException when a pair is malformed, or both flags name different projects
   */
  public static CallHeaders headers(Options options) throws UsageException {
    List<String> problems = new ArrayList<>();
    var pairs = headerPairs(options, problems);
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
    if (options.store.projectId != null) {
      try {
        ProjectId.parse(options.store.projectId.strip());
      } catch (IllegalArgumentException e) {
        throw new UsageException("--project-id: " + e.getMessage());
      }
    }
    CallHeaders.Builder builder = CallHeaders.builder();
    try {
      pairs.forEach(builder::header);
      return builder.build();
    } catch (IllegalArgumentException e) {
      throw new UsageException("--grpc-headers: " + e.getMessage());
    }
  }

  /** Returns the pairs of {@code --grpc-headers} with the project of {@code --project-id}. */
  public static Map<String, String> headerPairs(Options options, List<String> problems) {
    Map<String, String> pairs =
        KeyValues.read("--grpc-headers", options.store.grpcHeaders, true, problems);
    String project = options.store.projectId;
    if (project == null) {
      return pairs;
    }
    for (Map.Entry<String, String> pair : pairs.entrySet()) {
      if (pair.getKey().equalsIgnoreCase(PROJECT_HEADER)) {
        if (!pair.getValue().equalsIgnoreCase(project.strip())) {
          problems.add(
              "--project-id and --grpc-headers=projectID=… name different projects: keep one");
        }
        return pairs;
      }
    }
    pairs.put(PROJECT_HEADER, project.strip());
    return pairs;
  }

  public static @Nullable TokenSource tokenSource(Options options) throws UsageException {
    Options.Store store = options.store;
    if (store.bearerToken != null && store.bearerTokenFile != null) {
      throw new UsageException(
          "--bearer-token and --bearer-token-file are both given: keep the file, remove"
              + " --bearer-token (and PSC_BEARER_TOKEN, PARCA_BEARER_TOKEN)");
    }
    try {
      if (store.bearerTokenFile != null) {
        FileTokenSource.Builder file = FileTokenSource.builder(store.bearerTokenFile);
        if (store.allowProjectToken) {
          file.allowProjectToken();
        }
        return file.listener(StoreLog::log).open();
      }
      if (store.bearerToken != null) {
        return TokenSource.fixed(parse(store.bearerToken.strip(), store.allowProjectToken));
      }
      return null;
    } catch (TokenUnavailableException e) {
      throw new UsageException(
          "--bearer-token-file: " + e.getMessage() + hint(options, String.valueOf(e.getMessage())));
    } catch (IllegalArgumentException e) {
      throw new UsageException(
          "--bearer-token: " + e.getMessage() + hint(options, String.valueOf(e.getMessage())));
    }
  }

  /** Returns the flag that accepts a token which looks like an old project token (a JWT). */
  private static String hint(Options options, String message) {
    return !options.store.allowProjectToken && message.contains("project token")
        ? " (--allow-project-token accepts it)"
        : "";
  }

  private static BearerToken parse(String text, boolean allowProjectToken) {
    return allowProjectToken && !text.startsWith(ServiceAccountToken.PREFIX)
        ? JwtProjectToken.parse(text)
        : ServiceAccountToken.parse(text);
  }

  private static String origin(Options.Store store) {
    if (store.bearerTokenFile != null) {
      return "file " + store.bearerTokenFile;
    }
    return store.bearerToken == null ? "none" : "flag or environment";
  }

  /** Returns the receiver of all profiles: the queues of the store and of OTLP. */
  public FanOut receiver() {
    return receiver;
  }

  /** Returns the delivery queue of the store, or that of OTLP without a store. */
  public Delivery delivery() {
    return delivery;
  }

  public String address() {
    return address;
  }

  public Optional<ProjectId> project() {
    return headers.projectId();
  }

  /** Returns whether a service account token is used without the project that it needs. */
  public boolean lacksProject() {
    if (token == null || headers.projectId().isPresent()) {
      return false;
    }
    try {
      return token.token() instanceof ServiceAccountToken;
    } catch (TokenUnavailableException e) {
      return false;
    }
  }

  /** Returns the fingerprint of the token in use, or the empty text. */
  public String tokenFingerprint() {
    if (token == null) {
      return "";
    }
    try {
      return token.token().fingerprint();
    } catch (TokenUnavailableException e) {
      return "";
    }
  }

  public String tokenOrigin() {
    return tokenOrigin;
  }

  /** Returns the problem of the token file, or the empty text. */
  public String tokenProblem() {
    return token instanceof FileTokenSource file ? file.status().problem().orElse("") : "";
  }

  /** Flushes within the time, then closes channel and token source. */
  public void close(Duration timeout) {
    List<CloseReport> reports = receiver.close(timeout);
    losses.flush();
    if (token != null) {
      token.close();
    }
    for (int i = 0; i < reports.size(); i++) {
      StoreLog.closed(reports.get(i), spooling && i == 0);
    }
  }
}
