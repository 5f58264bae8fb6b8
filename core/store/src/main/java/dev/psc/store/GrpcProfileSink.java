package dev.psc.store;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Sends profiles to Polar Signals Cloud, or to any Parca-compatible store, with {@code WriteRaw}.
 *
 * <p>A batch becomes one request, in which profiles of equal labels share a series; where some
 * profiles have normalized addresses and others do not, it becomes two, one after the other. Each
 * request has a deadline of its own. Who retries is the caller, so the channel should not ({@code
 * ManagedChannelBuilder.disableRetry()}); the sink answers what to do:
 *
 * <ul>
 *   <li>{@link SendOutcome.Retry} for the codes of {@link Builder#retryableCodes}, with the delay
 *       that the store asks for by {@code RetryInfo} or {@code grpc-retry-pushback-ms}
 *   <li>{@link SendOutcome.Blocked} for {@code UNAUTHENTICATED}, {@code PERMISSION_DENIED}, {@code
 *       UNIMPLEMENTED}, {@code NOT_FOUND}, {@code FAILED_PRECONDITION}, and an {@code
 *       INVALID_ARGUMENT} that speaks of the project id, none of which says anything about the
 *       profiles
 *   <li>{@link SendOutcome.Rejected} for everything else, and with the reason {@code too_large} for
 *       a request above a limit, ours or the store's: smaller batches may fit
 * </ul>
 *
 * <p>Safe for use by several threads. Stages complete on the channel's executor. The channel is
 * left open by {@link #close} unless it was handed over with {@link Builder#ownedChannel}.
 */
public final class GrpcProfileSink implements ProfileSink {

  private static final Duration DEADLINE_GRACE = Duration.ofSeconds(2);

  /** The reason of a call that nobody answered in time. */
  private static final String NO_ANSWER = "deadline_exceeded";

  /** So many calls without an answer in a row, and the connection is given up for a new one. */
  private static final int UNANSWERED_MAX = 2;

  private final Channel channel;
  private final String name;
  private final String store;
  private final Duration attemptTimeout;
  private final long maxRequestBytes;
  private final StatusClassifier classifier;
  private final AtomicInteger unanswered = new AtomicInteger();
  private final @Nullable ManagedChannel ownedChannel;
  private final Duration closeTimeout;
  private final Runnable afterClose;
  private volatile boolean closed;

  private GrpcProfileSink(Builder builder) {
    this.channel = builder.channel;
    this.name = builder.name;
    String authority = builder.channel.authority();
    this.store = authority == null ? builder.name : authority;
    this.attemptTimeout = builder.attemptTimeout;
    this.maxRequestBytes = builder.maxRequestBytes;
    this.classifier = new StatusClassifier(builder.retryableCodes);
    this.ownedChannel = builder.ownedChannel;
    this.closeTimeout = builder.closeTimeout;
    this.afterClose = builder.afterClose;
  }

  /**
   * Returns a sink with every default.
   *
   * @param channel to the store, with what authenticates its calls; left open by the sink
   */
  public static GrpcProfileSink create(Channel channel) {
    return builder(channel).build();
  }

  /**
   * Returns a builder.
   *
   * @param channel to the store, with what authenticates its calls
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
        StatusClassifier.TOO_LARGE,
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
          .withDeadlineAfter(attemptTimeout.toNanos(), TimeUnit.NANOSECONDS)
          .writeRaw(request, new Answer(outcome));
    } catch (RuntimeException e) {
      // An interceptor, or gRPC itself, that throws instead of closing the call.
      outcome.complete(classifier.classify(e, store));
      return outcome;
    }
    // gRPC may lose a call that fails while its connection is being made, deadline and all.
    return outcome
        .completeOnTimeout(
            new SendOutcome.Retry(
                NO_ANSWER,
                "store " + store + ": the channel did not answer in " + attemptTimeout,
                Optional.empty()),
            attemptTimeout.plus(DEADLINE_GRACE).toNanos(),
            TimeUnit.NANOSECONDS)
        .whenComplete((ended, unused) -> mendConnection(ended));
  }

  /**
   * Helps the channel to a working connection. One that takes calls and never answers (a route that
   * was lost, a peer that hangs) looks alive to gRPC until its keepalive, minutes later; and after
   * a failed attempt gRPC waits on its own, up to two minutes, while it is the caller of this sink
   * who decides when to try again.
   */
  private void mendConnection(@Nullable SendOutcome ended) {
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

  /** Turns the end of one call into an outcome. */
  private final class Answer implements StreamObserver<WriteRawResponse> {

    private final CompletableFuture<SendOutcome> outcome;

    Answer(CompletableFuture<SendOutcome> outcome) {
      this.outcome = outcome;
    }

    @Override
    public void onNext(WriteRawResponse response) {
      // Empty; the status that follows is the answer.
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
   * Refuses further batches and, where the channel was handed over, shuts it down: calls under way
   * get until {@link Builder#closeTimeout}, then they are cut.
   */
  @Override
  public void close() {
    closed = true;
    if (ownedChannel != null) {
      shutDown(ownedChannel);
    }
    afterClose.run();
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

  /** Collects the settings of a sink. Not thread-safe. */
  public static final class Builder {

    private final Channel channel;
    private String name = "grpc";
    private Duration attemptTimeout = Duration.ofSeconds(20);
    private long maxRequestBytes = 64L << 20;
    private Set<Status.Code> retryableCodes = StatusClassifier.DEFAULT_RETRYABLE;
    private @Nullable ManagedChannel ownedChannel;
    private Duration closeTimeout = Duration.ofSeconds(5);
    private Runnable afterClose = () -> {};

    private Builder(Channel channel) {
      this.channel = Objects.requireNonNull(channel, "channel");
    }

    /** Sets what metrics, logs and the status call this sink; {@code grpc} by default. */
    public Builder name(String name) {
      if (name.isBlank()) {
        throw new IllegalArgumentException("name is blank");
      }
      this.name = name;
      return this;
    }

    /** Sets the deadline of each request, more than zero; 20 s by default. */
    public Builder attemptTimeout(Duration attemptTimeout) {
      if (attemptTimeout.isNegative() || attemptTimeout.isZero()) {
        throw new IllegalArgumentException(
            "attemptTimeout = " + attemptTimeout + " must be more than zero");
      }
      this.attemptTimeout = attemptTimeout;
      return this;
    }

    /**
     * Sets the largest request in bytes, protobuf framing included, at least 1; 64 MiB by default,
     * which is Parca's limit. gRPC servers that set none take 4 MiB.
     */
    public Builder maxRequestBytes(long maxRequestBytes) {
      if (maxRequestBytes < 1) {
        throw new IllegalArgumentException(
            "maxRequestBytes = " + maxRequestBytes + " must be at least 1");
      }
      this.maxRequestBytes = maxRequestBytes;
      return this;
    }

    /**
     * Sets the status codes after which the same batch may be sent again. By default these are
     * {@code UNAVAILABLE}, {@code RESOURCE_EXHAUSTED}, {@code DEADLINE_EXCEEDED}, {@code ABORTED},
     * {@code CANCELLED}, {@code INTERNAL}, {@code UNKNOWN} and {@code DATA_LOSS}. A code that is
     * left out and blocks nothing makes the batch rejected.
     *
     * @throws IllegalArgumentException when the set holds {@code OK}
     */
    public Builder retryableCodes(Set<Status.Code> retryableCodes) {
      if (retryableCodes.contains(Status.Code.OK)) {
        throw new IllegalArgumentException("retryableCodes holds OK, which is no failure");
      }
      this.retryableCodes = Set.copyOf(retryableCodes);
      return this;
    }

    /**
     * Hands a channel over: {@link GrpcProfileSink#close} shuts it down. None by default.
     *
     * @param ownedChannel the channel itself, or the one that an interceptor was put around
     */
    public Builder ownedChannel(ManagedChannel ownedChannel) {
      this.ownedChannel = Objects.requireNonNull(ownedChannel, "ownedChannel");
      return this;
    }

    /**
     * Sets how long {@link GrpcProfileSink#close} waits for calls, zero or more; 5 s by default.
     */
    public Builder closeTimeout(Duration closeTimeout) {
      if (closeTimeout.isNegative()) {
        throw new IllegalArgumentException(
            "closeTimeout = " + closeTimeout + " must not be negative");
      }
      this.closeTimeout = closeTimeout;
      return this;
    }

    /** Sets what {@link GrpcProfileSink#close} closes after the channel; idempotent. */
    Builder afterClose(Runnable afterClose) {
      this.afterClose = afterClose;
      return this;
    }

    /** Returns the sink; it sends nothing by itself. */
    public GrpcProfileSink build() {
      return new GrpcProfileSink(this);
    }
  }
}
