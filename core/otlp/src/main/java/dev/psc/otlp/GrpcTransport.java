package dev.psc.otlp;

import dev.psc.delivery.spi.SendOutcome;
import dev.psc.store.StoreChannels;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** OTLP over gRPC, by the channels of psc-store. */
final class GrpcTransport implements OtlpTransport {

  private static final int CLOSE_SECONDS = 5;

  private static final MethodDescriptor<byte[], byte[]> EXPORT =
      MethodDescriptor.newBuilder(new Bytes(), new Bytes())
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName(
              MethodDescriptor.generateFullMethodName(
                  "opentelemetry.proto.collector.profiles.v1development.ProfilesService", "Export"))
          .build();

  /** The codes that the OTLP specification calls retryable. */
  private static final Set<Status.Code> RETRYABLE =
      Set.of(
          Status.Code.CANCELLED,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.ABORTED,
          Status.Code.OUT_OF_RANGE,
          Status.Code.UNAVAILABLE,
          Status.Code.DATA_LOSS);

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final OtlpSettings settings;
  private final String address;
  private final ManagedChannel channel;

  GrpcTransport(OtlpSettings settings) {
    this.settings = settings;
    URI uri = settings.uri();
    boolean plaintext = uri.getScheme().equals("http");
    int port = uri.getPort() < 0 ? 4317 : uri.getPort();
    this.address = uri.getHost() + ":" + port;
    StoreChannels.Builder builder = StoreChannels.builder(address).proxyFromEnvironment();
    Path caFile = settings.caFile();
    Path chain = settings.clientChain();
    Path key = settings.clientKey();
    if (plaintext) {
      builder.plaintext();
    } else if (caFile != null) {
      builder.caFile(caFile);
    }
    if (!plaintext && chain != null && key != null) {
      builder.clientCertificate(chain, key);
    }
    if (!plaintext && settings.insecureSkipVerify()) {
      builder.insecureSkipVerify();
    }
    Metadata headers = new Metadata();
    settings
        .headers()
        .forEach(
            (name, value) ->
                headers.put(
                    Metadata.Key.of(
                        name.toLowerCase(Locale.ROOT), Metadata.ASCII_STRING_MARSHALLER),
                    value));
    channel = builder.interceptor(MetadataUtils.newAttachHeadersInterceptor(headers)).build();
  }

  @Override
  public CompletionStage<SendOutcome> send(byte[] request, ResponseListener accepted) {
    CompletableFuture<SendOutcome> outcome = new CompletableFuture<>();
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(settings.timeout().toNanos(), TimeUnit.NANOSECONDS);
    if (settings.gzip()) {
      options = options.withCompression("gzip");
    }
    ClientCalls.asyncUnaryCall(
        channel.newCall(EXPORT, options), request, new Answer(outcome, accepted));
    return outcome.completeOnTimeout(
        new SendOutcome.Retry(
            "deadline_exceeded",
            "OTLP receiver " + address + " did not respond within " + settings.timeout(),
            Optional.empty()),
        settings.timeout().plusSeconds(2).toNanos(),
        TimeUnit.NANOSECONDS);
  }

  private final class Answer implements StreamObserver<byte[]> {

    private final CompletableFuture<SendOutcome> outcome;
    private final ResponseListener accepted;

    Answer(CompletableFuture<SendOutcome> outcome, ResponseListener accepted) {
      this.outcome = outcome;
      this.accepted = accepted;
    }

    @Override
    public void onNext(byte[] response) {
      accepted.accepted(response);
    }

    @Override
    public void onError(Throwable failure) {
      outcome.complete(classify(failure));
    }

    @Override
    public void onCompleted() {
      outcome.complete(new SendOutcome.Accepted());
    }
  }

  private SendOutcome classify(Throwable failure) {
    Status status = Status.fromThrowable(failure);
    Status.Code code = status.getCode();
    String reason = code.name().toLowerCase(Locale.ROOT);
    String said = status.getDescription() == null ? "" : status.getDescription();
    Throwable cause = status.getCause();
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String words =
        cause == null || cause.getMessage() == null ? said : said + ": " + cause.getMessage();
    String message =
        "OTLP receiver " + address + ": " + code + (words.isEmpty() ? "" : ": " + words);
    if (said.contains("larger than max")) {
      return new SendOutcome.Rejected(
          SendOutcome.Rejected.TOO_LARGE, Answers.shortened(message, ""));
    }
    Optional<Duration> delay = delay(failure);
    if (RETRYABLE.contains(code) || (code == Status.Code.RESOURCE_EXHAUSTED && delay.isPresent())) {
      channel.resetConnectBackoff(); // the caller decides when to try again
      return new SendOutcome.Retry(reason, Answers.shortened(message, ""), delay);
    }
    return switch (code) {
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          new SendOutcome.Blocked(reason, Answers.shortened(message, " (check the headers)"));
      case UNIMPLEMENTED ->
          new SendOutcome.Blocked(
              reason,
              Answers.shortened(
                  message,
                  " (the receiver does not support this version of OTLP profiles; an OpenTelemetry"
                      + " Collector needs --feature-gates=service.profilesSupport)"));
      default -> new SendOutcome.Rejected(reason, Answers.shortened(message, Answers.hint(said)));
    };
  }

  /** Reads {@code RetryInfo} of the details of a status. */
  private static Optional<Duration> delay(Throwable failure) {
    Metadata trailers =
        failure instanceof StatusRuntimeException exception ? exception.getTrailers() : null;
    byte @Nullable [] details = trailers == null ? null : trailers.get(DETAILS);
    if (details == null) {
      return Optional.empty();
    }
    try {
      WireReader r = new WireReader(details);
      while (r.next()) {
        if (r.field() == 3) {
          Optional<Duration> delay = retryInfo(r.message());
          if (delay.isPresent()) {
            return delay;
          }
        }
      }
    } catch (WireReader.WireException e) {
      return Optional.empty(); // the hint is optional
    }
    return Optional.empty();
  }

  private static Optional<Duration> retryInfo(WireReader any) {
    boolean isRetryInfo = false;
    byte[] value = new byte[0];
    while (any.next()) {
      if (any.field() == 1) {
        isRetryInfo = any.text().endsWith("/google.rpc.RetryInfo");
      } else if (any.field() == 2) {
        value = any.bytes();
      }
    }
    if (!isRetryInfo) {
      return Optional.empty();
    }
    long seconds = 0;
    long nanos = 0;
    WireReader info = new WireReader(value);
    while (info.next()) {
      if (info.field() == 1) {
        WireReader delay = info.message();
        while (delay.next()) {
          if (delay.field() == 1) {
            seconds = delay.number();
          } else if (delay.field() == 2) {
            nanos = delay.number();
          }
        }
      }
    }
    boolean legal = seconds >= 0 && seconds < 1L << 31 && nanos >= 0;
    return legal ? Optional.of(Duration.ofSeconds(seconds, nanos)) : Optional.empty();
  }

  @Override
  public void close() {
    channel.shutdown();
    try {
      if (!channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        channel.shutdownNow();
      }
    } catch (InterruptedException e) {
      channel.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** Passes messages as they are. */
  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
