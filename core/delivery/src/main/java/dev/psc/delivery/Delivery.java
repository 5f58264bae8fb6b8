package dev.psc.delivery;

import dev.psc.delivery.internal.queue.DeliverySettings;
import dev.psc.delivery.internal.queue.Events;
import dev.psc.delivery.internal.queue.LogThrottle;
import dev.psc.delivery.internal.queue.QueueState;
import dev.psc.delivery.internal.queue.SendQueue;
import dev.psc.delivery.internal.queue.SnapshotBuilder;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.internal.queue.Wakeup;
import dev.psc.delivery.internal.send.DeadLetters;
import dev.psc.delivery.internal.send.Sender;
import dev.psc.delivery.internal.spool.Spool;
import dev.psc.delivery.internal.spool.SpoolQueue;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.delivery.status.Durability;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The delivery of profiles to one sink: a bounded queue, and a sender that batches, retries, backs
 * off, finds the bad profile in a rejected batch, and keeps the order within each series.
 *
 * <p>Every accepted profile is sent at least once, or counted as dropped with a reason.
 *
 * <p>Nothing runs before {@link #start()} or the first {@link #accept}. Thread-safe. The caller
 * closes the delivery and then the sink; with {@link DeliveryBuilder#closeSink} the delivery closes
 * the sink.
 */
public final class Delivery implements ProfileReceiver, AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(Delivery.class);

  private final DeliveryBuilder builder;
  private final DeliverySettings settings;
  private final String name;
  private final Ticker ticker;
  private final Wakeup sendWakeup = new Wakeup();
  private final Wakeup spoolWakeup = new Wakeup();
  private final Events events;
  private final SendQueue queue;
  private final Sender sender;
  private final @Nullable Spool spool;
  private final @Nullable DeadLetters deadLetters;
  private final Object lifecycle = new Object();
  private @Nullable Thread sendThread;
  private @Nullable Thread spoolThread;
  private boolean started;
  private volatile boolean accepting;
  private volatile boolean stopping;
  private volatile boolean spoolStopping;
  private @Nullable CloseReport report;

  Delivery(DeliveryBuilder builder, DeliverySettings settings) {
    this.builder = builder;
    this.settings = settings;
    this.name = builder.sink.name();
    this.ticker = builder.ticker;
    LogThrottle throttle = new LogThrottle(ticker);
    this.events = new Events(builder.listener, throttle);
    QueueState state = new QueueState(settings, ticker, events, sendWakeup, spoolWakeup);
    this.queue = new SendQueue(state);
    Path letters = settings.deadLetters();
    this.deadLetters =
        letters == null
            ? null
            : new DeadLetters(
                letters, settings.deadLetterMaxBytes(), builder.threads, name, throttle);
    this.sender =
        new Sender(
            builder.sink,
            ticker,
            builder.random,
            name,
            settings,
            queue,
            events,
            throttle,
            sendWakeup,
            deadLetters);
    DeliverySettings.SpoolSettings spooled = settings.spool();
    this.spool =
        spooled == null
            ? null
            : new Spool(spooled, builder.disk, new SpoolQueue(state), ticker, events, throttle);
  }

  /**
   * Returns a delivery with the defaults.
   *
   * @param sink the destination; not closed by the delivery
   */
  public static Delivery create(ProfileSink sink) {
    return builder(sink).build();
  }

  /**
   * Returns a builder.
   *
   * @param sink the destination
   */
  public static DeliveryBuilder builder(ProfileSink sink) {
    return new DeliveryBuilder(sink);
  }

  /**
   * Reads the profiles that an earlier process left in the spool and starts the threads. A second
   * call, or one after {@link #close()}, has no effect.
   */
  public void start() {
    synchronized (lifecycle) {
      if (started || report != null) {
        return;
      }
      started = true;
      if (spool != null) {
        spool.start();
      }
      if (!builder.manual) {
        sendThread = thread(this::sendLoop, "psc-delivery-" + name);
        if (spool != null) {
          spoolThread = thread(() -> spoolLoop(spool), "psc-spool-" + name);
        }
      }
    }
    accepting = true;
  }

  private Thread thread(Runnable task, String threadName) {
    Thread thread = builder.threads.newThread(task);
    thread.setName(threadName);
    thread.start();
    return thread;
  }

  @Override
  public Acceptance accept(RawProfile profile) {
    return offer(profile, null);
  }

  /**
   * Accepts a profile like {@link #accept}, and reports when it is durable.
   *
   * @param profile the profile, which the caller must not change afterwards
   */
  public Receipt submit(RawProfile profile) {
    CompletableFuture<Durability> durability = new CompletableFuture<>();
    Acceptance acceptance = offer(profile, durability);
    return new Receipt(acceptance, durability.minimalCompletionStage());
  }

  private Acceptance offer(RawProfile profile, @Nullable CompletableFuture<Durability> durability) {
    Objects.requireNonNull(profile, "profile");
    if (!accepting) {
      start();
    }
    Acceptance acceptance = queue.offer(profile, durability);
    events.fire();
    return acceptance;
  }

  private void sendLoop() {
    loop(() -> stopping, sendWakeup, sender::step, "while sending to");
  }

  private void spoolLoop(Spool spool) {
    loop(() -> spoolStopping, spoolWakeup, spool::step, "in the spool of");
    spool.close();
  }

  private void loop(BooleanSupplier stopped, Wakeup wakeup, LongSupplier step, String where) {
    while (!stopped.getAsBoolean()) {
      try {
        wakeup.await(step.getAsLong());
      } catch (InterruptedException e) {
        // Only close() ends the thread, so that all profiles are accounted for.
        logger.debug("Interrupted; only close() ends this thread", e);
      } catch (RuntimeException | StackOverflowError e) {
        logger.error("Unexpected error {} {}; continuing", where, name, e);
        pause();
      } catch (Error e) {
        survive(e);
      }
    }
  }

  /**
   * Passes an error, such as one of a lack of memory, to the handler of uncaught exceptions, which
   * may end the process; if it returns, the delivery continues.
   */
  private void survive(Error error) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
    pause();
  }

  private void pause() {
    try {
      TimeUnit.SECONDS.sleep(1);
    } catch (InterruptedException e) {
      logger.debug("Interrupted; only close() ends this thread", e);
    }
  }

  /** Performs the due actions and returns the time until the next one; for tests. */
  long step() {
    long wait;
    boolean again;
    do {
      wait = spool == null ? Long.MAX_VALUE : spool.step();
      wait = Math.min(wait, sender.step());
      again = spoolWakeup.take();
      again |= sendWakeup.take();
    } while (again);
    return wait;
  }

  /** Releases the spool like the end of the process; for tests. */
  void abandonSpool() {
    if (spool != null) {
      spool.abandon();
    }
  }

  /**
   * Sends all queued profiles without waiting for full batches, and waits for the outcome.
   *
   * @param timeout the longest wait; not negative
   * @return whether all profiles accepted before the call are sent or dropped
   */
  public boolean flush(Duration timeout) {
    try {
      return queue.awaitFlush(queue.requestFlush(), timeout);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  void requestFlush() {
    queue.requestFlush();
  }

  /** Returns the counters and the state. */
  public DeliverySnapshot snapshot() {
    SnapshotBuilder snapshot = new SnapshotBuilder();
    snapshot.sink = name;
    sender.fill(snapshot);
    queue.fill(snapshot);
    synchronized (lifecycle) {
      if (report != null) {
        snapshot.state = DeliveryState.CLOSED;
      } else if (!started) {
        snapshot.state = DeliveryState.NEW;
      }
    }
    return snapshot.build();
  }

  Duration closeTimeout() {
    return settings.closeTimeout();
  }

  void beginClose() {
    queue.beginClose();
  }

  /**
   * Refuses further profiles, sends queued ones within the timeout, leaves the rest in the spool if
   * there is one, and counts the lost ones. A second call returns the report of the first.
   *
   * @param timeout the longest duration; not negative. A tenth of it, at least 100 ms, is reserved
   *     for the spool. Closing the sink, see {@link DeliveryBuilder#closeSink}, is not included.
   * @return the counts of profiles sent, spooled and lost
   */
  public CloseReport close(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    boolean interrupted = false;
    CloseReport result;
    synchronized (lifecycle) {
      if (report != null) {
        return report;
      }
      long sentBefore = queue.sentSoFar();
      queue.beginClose();
      if (sendThread != null) {
        Duration forSending = spool == null ? timeout : timeout.multipliedBy(9).dividedBy(10);
        try {
          queue.awaitFlush(Long.MAX_VALUE, forSending);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      stopping = true;
      sendWakeup.set();
      interrupted |= !join(sendThread, deadline);
      spoolStopping = true;
      spoolWakeup.set();
      interrupted |= !join(spoolThread, deadline);
      if (spool != null && spoolThread == null && started) {
        spool.close();
      }
      interrupted |= !closeDeadLetters(deadline);
      sender.abandon();
      result = queue.finishClose(sentBefore);
      report = result;
    }
    events.fire();
    if (settings.closeSink()) {
      closeSink();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (result.lost() > 0) {
      logger.warn(
          "Closed {}: {} profiles are lost, neither sent nor on disk; a spool would keep them",
          name,
          result.lost());
    }
    return result;
  }

  private boolean closeDeadLetters(long deadline) {
    if (deadLetters == null) {
      return true;
    }
    try {
      deadLetters.close(Math.max(deadline - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(100)));
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  private void closeSink() {
    try {
      builder.sink.close();
    } catch (RuntimeException e) {
      logger.warn("Cannot close sink {}", name, e);
    }
  }

  private static boolean join(@Nullable Thread thread, long deadline) {
    if (thread == null) {
      return true;
    }
    try {
      long left = Math.max(deadline - System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(100));
      TimeUnit.NANOSECONDS.timedJoin(thread, left);
      return true;
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** Closes within {@link DeliveryBuilder#closeTimeout}. */
  @Override
  public void close() {
    close(settings.closeTimeout());
  }
}
