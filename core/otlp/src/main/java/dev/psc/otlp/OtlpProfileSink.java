package dev.psc.otlp;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.pprof.format.PprofException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sink that exports profiles over OTLP to an OpenTelemetry Collector or any other receiver of the
 * profiles signal. That signal is not stable yet: the sink writes opentelemetry-proto 1.10 and
 * later, in which profiles share a dictionary.
 *
 * <pre>{@code
 * OtlpProfileSink sink = OtlpProfileSink.builder("http://localhost:4318").build();
 * JvmProfiling profiling = JvmProfiling.builder().sink(sink).start();
 * }</pre>
 *
 * <p>A batch becomes one request. Labels of series become attributes of resources, labels of
 * samples attributes of samples, and {@code trace_id} with {@code span_id} a link. Outcomes follow
 * the OTLP specification: HTTP 429, 502, 503 and 504, and the retryable codes of gRPC, are {@link
 * SendOutcome.Retry} with the delay of {@code Retry-After} or {@code RetryInfo}. Profiles that a
 * receiver rejects in a partial success are counted and logged, and not sent again.
 *
 * <p>gRPC needs the artifact psc-store. Thread-safe. The caller closes it.
 */
public final class OtlpProfileSink implements ProfileSink {

  private static final Logger logger = LoggerFactory.getLogger(OtlpProfileSink.class);

  private final OtlpSettings settings;
  private final OtlpTransport transport;
  private final String name;
  private final long maxRequestBytes;
  private final boolean originalPayload;
  private final AtomicLong rejected = new AtomicLong();
  private volatile boolean closed;

  private OtlpProfileSink(Builder builder) {
    this.settings = builder.settings();
    this.name = builder.name;
    this.maxRequestBytes = builder.maxRequestBytes;
    this.originalPayload = builder.originalPayload;
    this.transport = settings.grpc() ? grpc(settings) : new HttpTransport(settings);
  }

  private static OtlpTransport grpc(OtlpSettings settings) {
    try {
      return new GrpcTransport(settings);
    } catch (NoClassDefFoundError e) {
      throw new IllegalArgumentException(
          "OTLP over gRPC needs the artifact dev.psc:psc-store; http/protobuf does not", e);
    }
  }

  /**
   * Returns a builder.
   *
   * @param endpoint the URL of the receiver, {@code http://host:4318} for HTTP or {@code
   *     http://host:4317} for gRPC; https without a scheme. A path other than {@code /} replaces
   *     {@code /v1development/profiles}.
   * @throws IllegalArgumentException if the URL is invalid
   */
  public static Builder builder(String endpoint) {
    return new Builder(OtlpSettings.endpoint("endpoint", endpoint));
  }

  /**
   * Returns a builder with the settings of {@code OTEL_EXPORTER_OTLP_PROFILES_…} and {@code
   * OTEL_EXPORTER_OTLP_…}: {@code ENDPOINT}, {@code PROTOCOL}, {@code HEADERS}, {@code TIMEOUT},
   * {@code COMPRESSION}, {@code CERTIFICATE}, {@code CLIENT_CERTIFICATE} and {@code CLIENT_KEY}.
   * The endpoint is {@code http://localhost:4318} by default.
   *
   * @param variables the environment, for example {@link System#getenv()}
   * @throws IllegalArgumentException if a value is invalid; the message has the variable
   */
  public static Builder fromEnvironment(Map<String, String> variables) {
    return OtlpEnvironment.builder(variables);
  }

  /**
   * Returns a builder with the settings of {@link #fromEnvironment(Map)} and another endpoint.
   *
   * @param endpoint the URL of the receiver, see {@link #builder}
   * @param variables the environment, for example {@link System#getenv()}
   * @throws IllegalArgumentException if the URL or a variable is invalid
   */
  public static Builder fromEnvironment(String endpoint, Map<String, String> variables) {
    return OtlpEnvironment.over(builder(endpoint), variables);
  }

  /**
   * Returns a batch as an {@code ExportProfilesServiceRequest}, without compression.
   *
   * @throws PprofException if a profile is not a valid pprof
   */
  public static byte[] encode(List<RawProfile> batch) throws PprofException {
    return OtlpEncoder.encode(batch, false, "");
  }

  /**
   * Returns the profiles of an {@code ExportProfilesServiceRequest} as pprof, for receivers in
   * tests.
   *
   * @param request the message, without compression
   * @throws IllegalArgumentException if the bytes are not such a message, or one of an older
   *     version of the protocol
   */
  public static List<RawProfile> decode(byte[] request) {
    return OtlpDecoder.decode(request);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
    if (batch.isEmpty()) {
      throw new IllegalArgumentException("batch is empty");
    }
    if (closed) {
      return CompletableFuture.completedFuture(
          new SendOutcome.Retry("closed", "sink " + name + " is closed", Optional.empty()));
    }
    byte[] request;
    try {
      request = OtlpEncoder.encode(batch, originalPayload, settings.version());
    } catch (PprofException e) {
      return CompletableFuture.completedFuture(
          new SendOutcome.Rejected(
              "invalid_pprof", Answers.shortened("not a valid pprof: " + e.getMessage(), "")));
    }
    if (request.length > maxRequestBytes) {
      return CompletableFuture.completedFuture(
          new SendOutcome.Rejected(
              SendOutcome.Rejected.TOO_LARGE,
              "a request has "
                  + request.length
                  + " bytes, above maxRequestBytes = "
                  + maxRequestBytes
                  + " of sink "
                  + name));
    }
    return transport.send(request, this::accepted);
  }

  /** Counts the profiles that a receiver rejected although it accepted the request. */
  private void accepted(byte[] response) {
    long count = 0;
    String message = "";
    try {
      WireReader r = new WireReader(response);
      while (r.next()) {
        if (r.field() == 1) {
          WireReader partial = r.message();
          while (partial.next()) {
            if (partial.field() == 1) {
              count = partial.number();
            } else if (partial.field() == 2) {
              message = partial.text();
            }
          }
        }
      }
    } catch (WireReader.WireException e) {
      logger.debug("Response of {} cannot be parsed", settings.uri(), e);
      return;
    }
    if (count > 0) {
      rejected.addAndGet(count);
      logger.warn(
          "OTLP receiver {} rejected {} profiles of a request; they are lost: {}",
          settings.uri(),
          count,
          Answers.shortened(message, ""));
    } else if (!message.isEmpty()) {
      logger.warn("OTLP receiver {}: {}", settings.uri(), Answers.shortened(message, ""));
    }
  }

  /** Returns the number of OTLP profiles that receivers rejected in partial successes. */
  public long rejectedProfiles() {
    return rejected.get();
  }

  @Override
  public void close() {
    closed = true;
    transport.close();
  }

  @Override
  public String toString() {
    return "OtlpProfileSink[" + name + ", " + settings.uri() + "]";
  }

  /** A builder of {@link OtlpProfileSink}. Not thread-safe. */
  public static final class Builder {

    private final URI endpoint;
    private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private String name = "otlp";
    private boolean grpc;
    private Duration timeout = Duration.ofSeconds(10);
    private boolean gzip = true;
    private @Nullable Path caFile;
    private @Nullable Path clientChain;
    private @Nullable Path clientKey;
    private boolean insecureSkipVerify;
    private long maxRequestBytes = 64L << 20;
    private boolean originalPayload;

    Builder(URI endpoint) {
      this.endpoint = endpoint;
    }

    /** Sets the name of the sink in metrics, logs and status; {@code otlp} by default. */
    public Builder name(String name) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("name is blank");
      }
      this.name = name;
      return this;
    }

    /**
     * Uses gRPC instead of HTTP, for a receiver's port 4317. Needs the artifact psc-store.
     *
     * @param grpc false by default
     */
    public Builder grpc(boolean grpc) {
      this.grpc = grpc;
      return this;
    }

    /**
     * Sets a header of every request, such as {@code Authorization}; the last value of a name wins.
     * Values are never logged.
     *
     * @throws IllegalArgumentException if the name is not a token of HTTP, or the value has control
     *     characters; the message does not have the value
     */
    public Builder header(String name, String value) {
      if (!name.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")) {
        throw new IllegalArgumentException("header name is not legal: " + name);
      }
      if (value.chars().anyMatch(c -> c < 0x20 || c > 0x7E)) {
        throw new IllegalArgumentException(
            "header " + name + " has a value with characters other than printable ASCII");
      }
      headers.put(name, value);
      return this;
    }

    /** Sets the deadline of a request; positive, 10 s by default. */
    public Builder timeout(Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException("timeout must be positive, but was " + timeout);
      }
      this.timeout = timeout;
      return this;
    }

    /** Sets whether requests are compressed; true by default. */
    public Builder gzip(boolean gzip) {
      this.gzip = gzip;
      return this;
    }

    /** Sets the PEM file with the trusted certificates, instead of those of the JVM. */
    public Builder caFile(Path pem) {
      this.caFile = Objects.requireNonNull(pem, "pem");
      return this;
    }

    /** Sets a client certificate: PEM files of its chain and of its key, which is not encrypted. */
    public Builder clientCertificate(Path chainPem, Path keyPem) {
      this.clientChain = Objects.requireNonNull(chainPem, "chainPem");
      this.clientKey = Objects.requireNonNull(keyPem, "keyPem");
      return this;
    }

    /** Disables verification of the receiver's certificate, for tests; false by default. */
    public Builder insecureSkipVerify(boolean insecureSkipVerify) {
      this.insecureSkipVerify = insecureSkipVerify;
      return this;
    }

    /** Sets the largest request in bytes before compression; at least 1, 64 MiB by default. */
    public Builder maxRequestBytes(long maxRequestBytes) {
      if (maxRequestBytes < 1) {
        throw new IllegalArgumentException(
            "maxRequestBytes must be at least 1, but was " + maxRequestBytes);
      }
      this.maxRequestBytes = maxRequestBytes;
      return this;
    }

    /** Sets whether requests also have the pprof itself; false by default. */
    public Builder originalPayload(boolean originalPayload) {
      this.originalPayload = originalPayload;
      return this;
    }

    private OtlpSettings settings() {
      return new OtlpSettings(
          endpoint,
          grpc,
          headers,
          timeout,
          gzip,
          caFile,
          clientChain,
          clientKey,
          insecureSkipVerify);
    }

    /**
     * Returns the sink, which connects with its first request.
     *
     * @throws IllegalArgumentException if a PEM file cannot be used, or psc-store is missing for
     *     gRPC
     */
    public OtlpProfileSink build() {
      return new OtlpProfileSink(this);
    }
  }

  static String lower(String text) {
    return text.strip().toLowerCase(Locale.ROOT);
  }
}
