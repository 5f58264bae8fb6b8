package dev.psc.delivery.internal.send;

import dev.psc.delivery.internal.queue.Batch;
import dev.psc.delivery.internal.queue.DeliverySettings;
import dev.psc.delivery.internal.queue.Events;
import dev.psc.delivery.internal.queue.LogThrottle;
import dev.psc.delivery.internal.queue.QueuedProfile;
import dev.psc.delivery.internal.queue.SendQueue;
import dev.psc.delivery.internal.queue.SnapshotBuilder;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.internal.queue.Wakeup;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliveryState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sender that passes batches of the queue to the sink and handles the outcomes. Back-off and
 * state are kept per sink, not per profile.
 *
 * <p>{@link #step} performs the due actions and returns the time until the next one. It is called
 * by one thread at a time; outcomes arrive on any thread and are queued.
 */
public final class Sender {

  private static final Logger logger = LoggerFactory.getLogger(Sender.class);

  /** Consecutive rejections without an accepted profile after which the sink counts as refusing. */
  public static final int REFUSALS_UNTIL_REFUSING = 32;

  /** Consecutive rejections after which another profile is sent as a probe. */
  private static final int REFUSALS_UNTIL_PROBE = 8;

  /** The longest delay that a sink may request. */
  private static final Duration MAX_ASKED_DELAY = Duration.ofMinutes(5);

  /** A running call. */
  private static final class Call {
    final Batch batch;
    final long startedNanos;
    final long epoch;
    @Nullable CompletionStage<SendOutcome> stage;
    volatile boolean over;

    Call(Batch batch, long startedNanos, long epoch) {
      this.batch = batch;
      this.startedNanos = startedNanos;
      this.epoch = epoch;
    }
  }

  private record Answer(Call call, SendOutcome outcome) {}

  private final ProfileSink sink;
  private final String name;
  private final DeliverySettings settings;
  private final SendQueue queue;
  private final Ticker ticker;
  private final DoubleSupplier random;
  private final Backoff backoff;
  private final Events events;
  private final LogThrottle throttle;
  private final Wakeup wakeup;
  private final @Nullable DeadLetters deadLetters;
  private final ConcurrentLinkedQueue<Answer> answers = new ConcurrentLinkedQueue<>();
  private final List<Call> calls = new CopyOnWriteArrayList<>();

  private int failures;
  private long epoch;
  private long restUntilNanos;
  private boolean resting;
  private int refusals;
  private int probes;

  /** Set once a profile was accepted since the current batch was rejected. */
  private boolean takenInEpisode;

  private volatile boolean abandoned;
  private volatile DeliveryState state = DeliveryState.SENDING;
  private volatile String stateMessage = "";
  private volatile String lastError = "";
  private volatile int callsInFlight;
  private final AtomicLong callsEnded = new AtomicLong();

  public Sender(
      ProfileSink sink,
      Ticker ticker,
      DoubleSupplier random,
      String name,
      DeliverySettings settings,
      SendQueue queue,
      Events events,
      LogThrottle throttle,
      Wakeup wakeup,
      @Nullable DeadLetters deadLetters) {
    this.sink = sink;
    this.name = name;
    this.settings = settings;
    this.queue = queue;
    this.ticker = ticker;
    this.random = random;
    this.backoff = new Backoff(settings.backoffFirst(), settings.backoffMax(), random);
    this.events = events;
    this.throttle = throttle;
    this.wakeup = wakeup;
    this.deadLetters = deadLetters;
  }

  /** Performs the due actions and returns the nanoseconds until the next one. */
  public long step() {
    Answer answer;
    while ((answer = answers.poll()) != null) {
      handle(answer);
    }
    cancelOverdue();
    if (resting && ticker.nanos() - restUntilNanos >= 0) {
      resting = false;
    }
    while (!abandoned && !resting && calls.size() < callLimit()) {
      Batch batch = next();
      if (batch == null) {
        break;
      }
      send(batch);
      while ((answer = answers.poll()) != null) {
        handle(answer);
      }
    }
    events.fire();
    return nanosUntilNext();
  }

  private int callLimit() {
    return state == DeliveryState.SENDING ? settings.callsInFlight() : 1;
  }

  private @Nullable Batch next() {
    if (state == DeliveryState.REFUSING) {
      return queue.nextProbe(random.getAsDouble());
    }
    if (refusals >= (probes + 1) * REFUSALS_UNTIL_PROBE) {
      probes++;
      Batch probe = queue.nextProbe(random.getAsDouble());
      if (probe != null) {
        return probe;
      }
    }
    return queue.nextBatch(state == DeliveryState.BLOCKED ? 1 : Integer.MAX_VALUE);
  }

  private long nanosUntilNext() {
    long now = ticker.nanos();
    long wait = Long.MAX_VALUE;
    for (Call call : calls) {
      wait = Math.min(wait, call.startedNanos + settings.callTimeout().toNanos() - now);
    }
    if (resting) {
      wait = Math.min(wait, restUntilNanos - now);
    } else if (calls.size() < callLimit()) {
      wait = Math.min(wait, queue.nanosUntilNext());
    }
    return Math.max(0, wait);
  }

  private void send(Batch batch) {
    Call call = new Call(batch, ticker.nanos(), epoch);
    calls.add(call);
    callsInFlight = calls.size();
    CompletionStage<SendOutcome> stage;
    try {
      stage = sink.send(batch.profiles());
      call.stage = stage;
      stage.whenComplete(
          (outcome, failure) -> {
            if (call.over) {
              // The call was given up, and its cancellation is not a failure of the sink.
              return;
            }
            answers.add(new Answer(call, outcome != null ? outcome : fault(failure)));
            wakeup.set();
          });
    } catch (RuntimeException | LinkageError e) {
      // A LinkageError comes from a conflicting version of a library of the sink.
      answers.add(new Answer(call, fault(e)));
    }
  }

  private SendOutcome fault(@Nullable Throwable failure) {
    throttle.run(
        "sink_fault",
        more ->
            logger.warn(
                "Sink {} failed without an outcome ({} more since); its batch is retried",
                name,
                more,
                failure));
    return new SendOutcome.Retry(
        "sink_fault", failure == null ? "no response" : failure.toString(), Optional.empty());
  }

  private void cancelOverdue() {
    long now = ticker.nanos();
    for (Call call : calls) {
      if (now - call.startedNanos >= settings.callTimeout().toNanos()) {
        handle(
            new Answer(
                call,
                new SendOutcome.Retry(
                    "timeout",
                    "no response within callTimeout = " + settings.callTimeout(),
                    Optional.empty())));
        cancel(call);
      }
    }
  }

  private void cancel(Call call) {
    CompletionStage<SendOutcome> stage = call.stage;
    if (stage == null) {
      return;
    }
    try {
      stage.toCompletableFuture().cancel(true);
    } catch (UnsupportedOperationException e) {
      logger.debug("Sink {} returns stages that cannot be cancelled", name, e);
    }
  }

  /** Cancels the running calls; their batches stay in the queue. */
  public void abandon() {
    abandoned = true;
    for (Call call : calls) {
      call.over = true;
      cancel(call);
    }
    calls.clear();
    callsInFlight = 0;
  }

  private void handle(Answer answer) {
    Call call = answer.call;
    if (call.over) {
      return;
    }
    call.over = true;
    calls.remove(call);
    callsInFlight = calls.size();
    callsEnded.incrementAndGet();
    SendOutcome outcome = answer.outcome;
    if (outcome instanceof SendOutcome.Accepted) {
      accepted(call);
    } else if (outcome instanceof SendOutcome.Retry retry) {
      retry(call, retry);
    } else if (outcome instanceof SendOutcome.Rejected rejected) {
      rejected(call, rejected);
    } else if (outcome instanceof SendOutcome.Blocked blocked) {
      blocked(call, blocked);
    }
  }

  private void accepted(Call call) {
    queue.sent(call.batch);
    events.add(
        new DeliveryEvent.Sent(
            call.batch.items.size(),
            call.batch.bytes(),
            Duration.ofNanos(ticker.nanos() - call.startedNanos)));
    failures = 0;
    if (state == DeliveryState.REFUSING) {
      takenInEpisode = false;
    } else {
      takenInEpisode = true;
      dropSuspects(null);
    }
    refusals = 0;
    probes = 0;
    become(DeliveryState.SENDING, "");
  }

  private void dropSuspects(@Nullable String reason) {
    dropped(queue.dropSuspects(reason));
  }

  private void dropped(List<QueuedProfile> dropped) {
    if (dropped.isEmpty()) {
      return;
    }
    QueuedProfile first = dropped.get(0);
    throttle.run(
        "refused",
        more ->
            logger.warn(
                "Sink {} rejected {}, which is dropped: {} ({} more since)",
                name,
                first.profile,
                first.refusedMessage,
                dropped.size() - 1 + more));
    if (deadLetters != null) {
      dropped.forEach(deadLetters::write);
    }
  }

  private void retry(Call call, SendOutcome.Retry retry) {
    lastError = retry.reason() + ": " + retry.message();
    queue.giveBack(call.batch, true);
    if (call.epoch == epoch) {
      // Failures of concurrent calls count as one failure of the sink.
      epoch++;
      failures++;
      long nanos =
          retry.delay().isPresent()
              ? backoff.nanos(failures, min(retry.delay().get(), MAX_ASKED_DELAY))
              : backoff.nanos(failures);
      rest(nanos);
    }
    events.add(
        new DeliveryEvent.Retrying(
            call.batch.items.size(),
            retry.reason(),
            retry.message(),
            Duration.ofNanos(Math.max(0, restUntilNanos - ticker.nanos()))));
    if (state != DeliveryState.REFUSING) {
      become(DeliveryState.BACKING_OFF, lastError);
    }
  }

  private void rejected(Call call, SendOutcome.Rejected rejected) {
    lastError = rejected.reason() + ": " + rejected.message();
    failures = 0;
    if (state == DeliveryState.REFUSING) {
      queue.giveBack(call.batch, false);
      rest(probeNanos());
      return;
    }
    become(DeliveryState.SENDING, "");
    // The rejection of a profile that is too large is not evidence about others.
    boolean tooLarge = rejected.reason().equals(SendOutcome.Rejected.TOO_LARGE);
    if (!tooLarge && queue.isKnownBad(call.batch)) {
      dropped(queue.dropRefused(call.batch, rejected.reason(), rejected.message()));
      return;
    }
    refusals += tooLarge ? 0 : 1;
    if (call.batch.group == null && !call.batch.probe) {
      takenInEpisode = false;
    }
    if (call.batch.items.size() > 1) {
      queue.halve(call.batch);
    } else {
      queue.suspect(call.batch, rejected.reason(), rejected.message());
      if (takenInEpisode && refusals < REFUSALS_UNTIL_PROBE) {
        dropSuspects(null);
      } else if (tooLarge) {
        dropSuspects(SendOutcome.Rejected.TOO_LARGE);
      }
    }
    if (refusals >= REFUSALS_UNTIL_REFUSING) {
      queue.endBisection();
      takenInEpisode = false;
      rest(probeNanos());
      become(
          DeliveryState.REFUSING,
          "the last "
              + refusals
              + " requests were all rejected, which indicates a fault of the sink; profiles are kept"
              + " and one is tried per probe interval. Last response: "
              + lastError);
    }
  }

  private void blocked(Call call, SendOutcome.Blocked blocked) {
    lastError = blocked.reason() + ": " + blocked.message();
    queue.giveBack(call.batch, false);
    rest(probeNanos());
    become(DeliveryState.BLOCKED, lastError);
  }

  private long probeNanos() {
    return (long) ((0.75 + 0.5 * random.getAsDouble()) * settings.probeInterval().toNanos());
  }

  private void rest(long nanos) {
    resting = true;
    restUntilNanos = ticker.nanos() + nanos;
  }

  private void become(DeliveryState next, String message) {
    DeliveryState before = state;
    state = next;
    stateMessage = message;
    if (before == next) {
      return;
    }
    if (next == DeliveryState.SENDING) {
      logger.info("Sink {} accepts profiles again", name);
    } else {
      throttle.run(
          "state-" + next,
          more -> logger.warn("Sink {} is {}: {} ({} more since)", name, next, message, more));
    }
    events.add(new DeliveryEvent.StateChanged(before, next, message));
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  public void fill(SnapshotBuilder snapshot) {
    snapshot.state = state;
    snapshot.stateMessage = stateMessage;
    snapshot.calls = callsEnded.get();
    snapshot.callsInFlight = callsInFlight;
    snapshot.lastError = lastError;
  }
}
