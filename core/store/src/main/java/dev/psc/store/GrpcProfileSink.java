package dev.psc.store;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A sink that sends profiles to Polar Signals Cloud, or to any Parca-compatible store, with {@code
 * WriteRaw}.
 *
 * <pre>{@code
 * SinkSettings settings =
 *     SinkSettings.builder("grpc.polarsignals.com:443").tokenFile(file).projectId(id).build();
 * Delivery delivery =
 *     Delivery.builder(GrpcProfileSink.connect(settings)).closeSink(true).build();
 * }</pre>
 *
 * <p>A batch becomes one request, in which profiles with equal labels share a series. A batch with
 * both normalized and not normalized addresses becomes two requests, sent one after the other. Each
 * request has its own deadline. The caller retries, so the channel should not ({@code
 * ManagedChannelBuilder.disableRetry()}). The outcomes are:
 *
 * <ul>
 *   <li>{@link SendOutcome.Retry} for the codes of {@link Builder#retryableCodes}, with the delay
 *       that the store requests by {@code RetryInfo} or {@code grpc-retry-pushback-ms}
 *   <li>{@link SendOutcome.Blocked} for {@code UNAUTHENTICATED}, {@code PERMISSION_DENIED}, {@code
 *       UNIMPLEMENTED}, {@code NOT_FOUND}, {@code FAILED_PRECONDITION}, and an {@code
 *       INVALID_ARGUMENT} about the project id: the profiles are not the cause
 *   <li>{@link SendOutcome.Rejected} for everything else. The reason is {@code too_large} for a
 *       request above a limit of the sink or of the store: smaller batches may fit
 * </ul>
 *
 * <p>Thread-safe. Stages complete on the executor of the channel; those of {@link #connect}
 * complete on its event loop, so their dependents must not block. {@link #close} closes the channel
 * of {@link #connect} and of {@link Builder#ownedChannel}, and leaves any other channel open.
 */
public final class GrpcProfileSink implements ProfileSink {

  private static final Duration DEADLINE_GRACE = Duration.ofSeconds(2);

  /** The reason of a call without a response before its deadline. */
  private static final String NO_ANSWER = "deadline_exceeded";

  /** Consecutive unanswered calls after which the connection is replaced. */
  private static final int UNANSWERED_MAX = 2;

  private final Channel channel;
  private final String name;
  private final String store;
  private final Duration callTimeout;
  private final long maxRequestBytes;
  private final StatusClassifier classifier;
  private final AtomicInteger unanswered = new AtomicInteger();
  private final @Nullable ManagedChannel ownedChannel;
  private final @Nullable ScheduledExecutorService timer;
  private final Duration closeTimeout;
  private final AtomicReference<@Nullable Runnable> afterClose;
  private volatile boolean closed;

  private GrpcProfileSink(Builder builder) {
    this.channel = builder.channel;
    this.name = builder.name;
    String authority = builder.channel.authority();
    this.store = authority == null ? builder.name : authority;
    this.callTimeout = builder.callTimeout;
    this.maxRequestBytes = builder.maxRequestBytes;
    this.classifier = new StatusClassifier(builder.retryableCodes);
    this.ownedChannel = builder.ownedChannel;
    this.timer = builder.timer;
    this.closeTimeout = builder.closeTimeout;
    this.afterClose = new AtomicReference<>(builder.afterClose);
  }

  /**
   * Returns a sink with its own channel and token source. {@link #close} shuts the channel down and
   * then stops watching the token file. Connects with the first call.
   *
   * <p>The proxy is that of {@code HTTPS_PROXY} and {@code NO_PROXY}, or of the JVM's properties if
   * {@code HTTPS_PROXY} is not set.
   *
   * @throws IllegalArgumentException if a setting is invalid, or a token would be sent in plaintext
   *     to another machine without {@code allowPlaintextToken}
   * @throws dev.psc.auth.TokenUnavailableException if the token file cannot be read
   */
  public static GrpcProfileSink connect(SinkSettings settings) {
    return new GrpcSinkProvider().connect(settings);
  }

  /**
   * Returns a sink with default settings.
   *
   * @param channel a channel to the store that authenticates its calls; left open by the sink
   */
  public static GrpcProfileSink create(Channel channel) {
    return builder(channel).build();
  }

  /**
   * Returns a builder.
   *
   * @param channel a channel to the store that authenticates its calls
   */
  public static Builder builder(Channel channel) {
    return new Builder(channel);
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
    List<WriteRawRequest> requests = WriteRawRequests.of(batch);
    for (WriteRawRequest request : requests) {
      long size = request.getSerializedSize();
      if (size > maxRequestBytes) {
        return CompletableFuture.completedFuture(tooLarge(size, batch.size()));
      }
    }
    CompletableFuture<SendOutcome> outcome = call(requests.get(0));
    if (requests.size() == 1) {
      return outcome;
    }
    return outcome.thenCompose(
        first ->
            first instanceof SendOutcome.Accepted
                ? call(requests.get(1))
                : CompletableFuture.completedFuture(first));
  }

  private SendOutcome tooLarge(long size, int profiles) {
    return new SendOutcome.Rejected(
        SendOutcome.Rejected.TOO_LARGE,
        StatusClassifier.shortened(
            "a request of "
                + profiles
                + (profiles == 1 ? " profile has " : " profiles has ")
                + size
                + " bytes, above maxRequestBytes = "
                + maxRequestBytes
                + " of sink "
                + name));
  }

  private CompletableFuture<SendOutcome> call(WriteRawRequest request) {
    CompletableFuture<SendOutcome> outcome = new CompletableFuture<>();
    try {
      ProfileStoreServiceGrpc.newStub(channel)
          .withDeadlineAfter(callTimeout.toNanos(), TimeUnit.NANOSECONDS)
          .writeRaw(request, new Answer(outcome));
      limit(outcome);
    } catch (RuntimeException e) {
      // An interceptor, or gRPC itself, has thrown instead of closing the call.
      outcome.complete(classifier.classify(e, store));
      return outcome;
    }
    return outcome.whenComplete((ended, unused) -> helpReconnect(ended));
  }

  /** gRPC may lose a call that fails while its connection is established, with its deadline. */
  private void limit(CompletableFuture<SendOutcome> outcome) {
    SendOutcome late =
        new SendOutcome.Retry(
            NO_ANSWER,
            "store " + store + ": the channel did not respond within " + callTimeout,
            Optional.empty());
    long nanos = callTimeout.plus(DEADLINE_GRACE).toNanos();
    if (timer == null) {
      CompletableFuture<SendOutcome> unused =
          outcome.completeOnTimeout(late, nanos, TimeUnit.NANOSECONDS);
      return;
    }
    Future<?> timeout = timer.schedule(() -> outcome.complete(late), nanos, TimeUnit.NANOSECONDS);
    CompletableFuture<SendOutcome> unused =
        outcome.whenComplete((ended, failure) -> timeout.cancel(false));
  }

  /**
   * Makes the channel connect again. gRPC detects a connection without responses (a lost route, a
   * hanging peer) only by its keepalive, minutes later. After a failed attempt gRPC backs off for
   * up to two minutes, although the caller of this sink decides when to retry.
   */
  private void helpReconnect(@Nullable SendOutcome ended) {
    if (!(ended instanceof SendOutcome.Retry retry)) {
      unanswered.set(0);
      return;
    }
    if (!(channel instanceof ManagedChannel managed)) {
      return;
    }
    if (!retry.reason().equals(NO_ANSWER)) {
      unanswered.set(0);
      managed.resetConnectBackoff();
    } else if (unanswered.incrementAndGet() >= UNANSWERED_MAX) {
      unanswered.set(0);
      managed.enterIdle();
    }
  }

  /** The receiver of the status of one call. */
  private final class Answer implements StreamObserver<WriteRawResponse> {

    private final CompletableFuture<SendOutcome> outcome;

    Answer(CompletableFuture<SendOutcome> outcome) {
      this.outcome = outcome;
    }

    @Override
    public void onNext(WriteRawResponse response) {
      // The message is empty; the status that follows is the result.
    }

    @Override
    public void onError(Throwable failure) {
      outcome.complete(classifier.classify(failure, store));
    }

    @Override
    public void onCompleted() {
      outcome.complete(new SendOutcome.Accepted());
    }
  }

  /**
   * Refuses further batches and shuts down an owned channel: running calls may complete within
   * {@link Builder#closeTimeout} and are then cancelled. Idempotent.
   */
  @Override
  public void close() {
    closed = true;
    if (ownedChannel != null) {
      shutDown(ownedChannel);
    }
    Runnable last = afterClose.getAndSet(null);
    if (last != null) {
      last.run();
    }
  }

  private void shutDown(ManagedChannel own) {
    own.shutdown();
    try {
      if (!own.awaitTermination(closeTimeout.toNanos(), TimeUnit.NANOSECONDS)) {
        own.shutdownNow();
      }
    } catch (InterruptedException e) {
      own.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "GrpcProfileSink[" + name + ", " + store + "]";
  }

  /** A builder of {@link GrpcProfileSink}. Not thread-safe. */
  public static final class Builder {

    private final Channel channel;
    private String name = "grpc";
    private Duration callTimeout = Duration.ofSeconds(20);
    private long maxRequestBytes = 64L << 20;
    private Set<Status.Code> retryableCodes = StatusClassifier.DEFAULT_RETRYABLE;
    private @Nullable ManagedChannel ownedChannel;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private @Nullable ScheduledExecutorService timer;
    private Runnable afterClose = () -> {};

    private Builder(Channel channel) {
      this.channel = Objects.requireNonNull(channel, "channel");
    }

    /** Sets the name of the sink in metrics, logs and status; {@code grpc} by default. */
    public Builder name(String name) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("name is blank");
      }
      this.name = name;
      return this;
    }

    /** Sets the deadline of each request; positive, 20 s by default. */
    public Builder callTimeout(Duration callTimeout) {
      if (callTimeout.isNegative() || callTimeout.isZero()) {
        throw new IllegalArgumentException("callTimeout must be positive, but was " + callTimeout);
      }
      this.callTimeout = callTimeout;
      return this;
    }

    /**
     * Sets the largest request in bytes, protobuf framing included, at least 1; 64 MiB by default,
     * which is Parca's limit. The default limit of gRPC servers is 4 MiB.
     */
    public Builder maxRequestBytes(long maxRequestBytes) {
      if (maxRequestBytes < 1) {
        throw new IllegalArgumentException(
            "maxRequestBytes must be at least 1, but was " + maxRequestBytes);
      }
      this.maxRequestBytes = maxRequestBytes;
      return this;
    }

    /**
     * Sets the status codes after which the same batch may be sent again. By default these are
     * {@code UNAVAILABLE}, {@code RESOURCE_EXHAUSTED}, {@code DEADLINE_EXCEEDED}, {@code ABORTED},
     * {@code CANCELLED}, {@code INTERNAL}, {@code UNKNOWN} and {@code DATA_LOSS}. Other codes that
     * do not block the sink reject the batch.
     *
     * @throws IllegalArgumentException if the set contains {@code OK}
     */
    public Builder retryableCodes(Set<Status.Code> retryableCodes) {
      if (retryableCodes.contains(Status.Code.OK)) {
        throw new IllegalArgumentException("retryableCodes must not contain OK");
      }
      this.retryableCodes = Set.copyOf(retryableCodes);
      return this;
    }

    /**
     * Sets a channel that {@link GrpcProfileSink#close} shuts down; none by default.
     *
     * @param ownedChannel the channel of the sink, or the one that an interceptor wraps
     */
    public Builder ownedChannel(ManagedChannel ownedChannel) {
      this.ownedChannel = Objects.requireNonNull(ownedChannel, "ownedChannel");
      return this;
    }

    /**
     * Sets how long {@link GrpcProfileSink#close} waits for running calls; not negative, 5 s by
     * default.
     */
    public Builder closeTimeout(Duration closeTimeout) {
      if (closeTimeout.isNegative()) {
        throw new IllegalArgumentException(
            "closeTimeout must not be negative, but was " + closeTimeout);
      }
      this.closeTimeout = closeTimeout;
      return this;
    }

    /** Sets the timer of calls, instead of a thread of the JVM for all timeouts. */
    Builder timer(ScheduledExecutorService timer) {
      this.timer = timer;
      return this;
    }

    /** Sets an action that {@link GrpcProfileSink#close} runs once, after the channel is closed. */
    Builder afterClose(Runnable afterClose) {
      this.afterClose = afterClose;
      return this;
    }

    /** Returns the sink. */
    public GrpcProfileSink build() {
      return new GrpcProfileSink(this);
    }
  }
}
