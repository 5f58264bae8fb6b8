package dev.psc.delivery;

import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.internal.queue.DeliverySettings;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.internal.spool.Disk;
import dev.psc.delivery.internal.spool.NioDisk;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.status.DeliveryListener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** A builder of {@link Delivery}. Not thread-safe. */
public final class DeliveryBuilder {

  private static final long KIB = 1024;
  private static final long MIB = 1024 * KIB;

  final ProfileSink sink;
  private long queueMaxBytes = 64 * MIB;
  private long profileMaxBytes = 32 * MIB;
  private Duration profileMaxAge = Duration.ofDays(7);
  private long batchMaxBytes = MIB;
  private Duration batchMaxAge = Duration.ofSeconds(1);
  private int callsInFlight = 2;
  private Duration callTimeout = Duration.ofSeconds(40);
  private Duration backoffFirst = Duration.ofMillis(500);
  private Duration backoffMax = Duration.ofSeconds(30);
  private Duration probeInterval = Duration.ofSeconds(30);
  private Duration closeTimeout = Duration.ofSeconds(5);
  private boolean closeSink;
  private @Nullable Path spool;
  private long spoolMaxBytes = 1024 * MIB;
  private Duration spoolSyncInterval = Duration.ofMillis(200);
  private @Nullable Path deadLetters;
  private long deadLetterMaxBytes = 64 * MIB;
  DeliveryListener listener = event -> {};
  ThreadFactory threads = DeliveryBuilder::daemon;
  Ticker ticker = Ticker.SYSTEM;
  DoubleSupplier random = () -> ThreadLocalRandom.current().nextDouble();
  Disk disk = new NioDisk();
  boolean manual;

  DeliveryBuilder(ProfileSink sink) {
    this.sink = Objects.requireNonNull(sink, "sink");
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "psc-delivery");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Sets the limit on bytes of profiles in memory; the oldest profiles beyond it are dropped. At
   * least 64 KiB and at least {@link #profileMaxBytes}; 64 MiB by default.
   */
  public DeliveryBuilder queueMaxBytes(long queueMaxBytes) {
    this.queueMaxBytes = queueMaxBytes;
    return this;
  }

  /**
   * Sets the largest accepted profile in bytes; 32 MiB by default. Stores have limits as well: 64
   * MiB per request in Parca, 4 MiB in gRPC servers by default.
   */
  public DeliveryBuilder profileMaxBytes(long profileMaxBytes) {
    this.profileMaxBytes = profileMaxBytes;
    return this;
  }

  /**
   * Sets the age at which a profile is dropped, over all attempts and restarts, since it was
   * accepted and by this machine's clock. Positive; 7 days by default.
   */
  public DeliveryBuilder profileMaxAge(Duration profileMaxAge) {
    this.profileMaxAge = Objects.requireNonNull(profileMaxAge, "profileMaxAge");
    return this;
  }

  /**
   * Sets the largest batch in bytes; a larger profile is sent alone. At least 1 KiB; 1 MiB by
   * default.
   */
  public DeliveryBuilder batchMaxBytes(long batchMaxBytes) {
    this.batchMaxBytes = batchMaxBytes;
    return this;
  }

  /** Sets how long a profile waits for a batch to fill; not negative, 1 s by default. */
  public DeliveryBuilder batchMaxAge(Duration batchMaxAge) {
    this.batchMaxAge = Objects.requireNonNull(batchMaxAge, "batchMaxAge");
    return this;
  }

  /** Sets the number of concurrent calls to the sink; 1 to 64, 2 by default. */
  public DeliveryBuilder callsInFlight(int callsInFlight) {
    this.callsInFlight = callsInFlight;
    return this;
  }

  /**
   * Sets the timeout of a call to the sink: the call is then cancelled and its batch retried. It
   * guards against sinks without a deadline and should exceed the deadline of the sink. Positive,
   * 40 s by default.
   */
  public DeliveryBuilder callTimeout(Duration callTimeout) {
    this.callTimeout = Objects.requireNonNull(callTimeout, "callTimeout");
    return this;
  }

  /**
   * Sets the limit of the random back-off after the first failure, doubled with each further one.
   * Positive, 500 ms by default.
   */
  public DeliveryBuilder backoffFirst(Duration backoffFirst) {
    this.backoffFirst = Objects.requireNonNull(backoffFirst, "backoffFirst");
    return this;
  }

  /** Sets the largest back-off limit; at least {@link #backoffFirst}, 30 s by default. */
  public DeliveryBuilder backoffMax(Duration backoffMax) {
    this.backoffMax = Objects.requireNonNull(backoffMax, "backoffMax");
    return this;
  }

  /**
   * Sets the interval of probes while the sink blocks or rejects all profiles. Positive, 30 s by
   * default.
   */
  public DeliveryBuilder probeInterval(Duration probeInterval) {
    this.probeInterval = Objects.requireNonNull(probeInterval, "probeInterval");
    return this;
  }

  /** Sets the timeout of {@link Delivery#close()}; not negative, 5 s by default. */
  public DeliveryBuilder closeTimeout(Duration closeTimeout) {
    this.closeTimeout = Objects.requireNonNull(closeTimeout, "closeTimeout");
    return this;
  }

  /**
   * Sets a directory that keeps profiles until they are sent, so that they survive the end of the
   * process. Created if missing; used by one delivery at a time. None by default.
   */
  public DeliveryBuilder spool(Path directory) {
    this.spool = Objects.requireNonNull(directory, "directory");
    return this;
  }

  /**
   * Sets the limit on the size of the spool; beyond it the oldest file, about a sixteenth, is
   * dropped with its profiles. At least 1 MiB; 1 GiB by default.
   */
  public DeliveryBuilder spoolMaxBytes(long spoolMaxBytes) {
    this.spoolMaxBytes = spoolMaxBytes;
    return this;
  }

  /**
   * Sets the interval of forcing writes to the device: profiles of this interval may be lost if the
   * machine fails, but not if only the process fails. Zero forces after each write; 200 ms by
   * default.
   */
  public DeliveryBuilder spoolSyncInterval(Duration spoolSyncInterval) {
    this.spoolSyncInterval = Objects.requireNonNull(spoolSyncInterval, "spoolSyncInterval");
    return this;
  }

  /**
   * Sets a directory for rejected profiles, in the layout of {@link DirectorySink}, each with a
   * file with the sink's message. None by default.
   */
  public DeliveryBuilder deadLetters(Path directory) {
    this.deadLetters = Objects.requireNonNull(directory, "directory");
    return this;
  }

  /**
   * Sets the limit on the size of that directory; further profiles are only counted. At least 1; 64
   * MiB by default.
   */
  public DeliveryBuilder deadLetterMaxBytes(long deadLetterMaxBytes) {
    this.deadLetterMaxBytes = deadLetterMaxBytes;
    return this;
  }

  /** Sets whether closing the delivery closes the sink too; false by default. */
  public DeliveryBuilder closeSink(boolean closeSink) {
    this.closeSink = closeSink;
    return this;
  }

  /** Sets a listener of delivery events; none by default. */
  public DeliveryBuilder listener(DeliveryListener listener) {
    this.listener = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /** Sets the factory of the threads; daemon threads by default. The delivery names them. */
  public DeliveryBuilder threadFactory(ThreadFactory threadFactory) {
    this.threads = Objects.requireNonNull(threadFactory, "threadFactory");
    return this;
  }

  /** Replaces the time, in tests. */
  DeliveryBuilder ticker(Ticker ticker) {
    this.ticker = ticker;
    return this;
  }

  /** Replaces the random numbers from 0 to 1, in tests. */
  DeliveryBuilder random(DoubleSupplier random) {
    this.random = random;
    return this;
  }

  /** Replaces the file system, in tests. */
  DeliveryBuilder disk(Disk disk) {
    this.disk = disk;
    return this;
  }

  /** Starts no threads: tests call the steps. */
  DeliveryBuilder manual() {
    this.manual = true;
    return this;
  }

  /**
   * Returns a delivery that is not started yet.
   *
   * @throws IllegalArgumentException if a setting is out of range or contradicts another one
   */
  public Delivery build() {
    atLeast("queueMaxBytes", queueMaxBytes, 64 * KIB);
    atLeast("profileMaxBytes", profileMaxBytes, 1);
    atLeast("batchMaxBytes", batchMaxBytes, KIB);
    positive("profileMaxAge", profileMaxAge);
    positive("callTimeout", callTimeout);
    positive("backoffFirst", backoffFirst);
    positive("probeInterval", probeInterval);
    notNegative("batchMaxAge", batchMaxAge);
    notNegative("closeTimeout", closeTimeout);
    notNegative("spoolSyncInterval", spoolSyncInterval);
    atLeast("deadLetterMaxBytes", deadLetterMaxBytes, 1);
    atLeast("spoolMaxBytes", spoolMaxBytes, MIB);
    if (callsInFlight < 1 || callsInFlight > 64) {
      throw new IllegalArgumentException(
          "callsInFlight must be between 1 and 64, but was " + callsInFlight);
    }
    if (backoffMax.compareTo(backoffFirst) < 0) {
      throw new IllegalArgumentException(
          "backoffMax must be at least backoffFirst = " + backoffFirst + ", but was " + backoffMax);
    }
    return new Delivery(this, settings());
  }

  private DeliverySettings.@Nullable SpoolSettings spoolSettings() {
    if (spool == null) {
      return null;
    }
    long segmentBytes = Math.min(32 * MIB, spoolMaxBytes / 16);
    return new DeliverySettings.SpoolSettings(
        spool, spoolMaxBytes, segmentBytes, spoolSyncInterval);
  }

  private DeliverySettings settings() {
    return new DeliverySettings(
        queueMaxBytes,
        Math.min(profileMaxBytes, queueMaxBytes),
        profileMaxAge,
        batchMaxBytes,
        batchMaxAge,
        callsInFlight,
        callTimeout,
        backoffFirst,
        backoffMax,
        probeInterval,
        closeTimeout,
        closeSink,
        spoolSettings(),
        deadLetters,
        deadLetterMaxBytes);
  }

  private static void atLeast(String name, long value, long least) {
    if (value < least) {
      throw new IllegalArgumentException(
          name + " must be at least " + least + ", but was " + value);
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be positive, but was " + value);
    }
  }

  private static void notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, but was " + value);
    }
  }
}
