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

/** Collects the settings of a {@link Delivery}. Not thread-safe. */
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
   * Sets how many bytes of profiles are held in memory; when there are more, the oldest are
   * dropped. At least 64 KiB and at least {@link #profileMaxBytes}; 64 MiB by default.
   */
  public DeliveryBuilder queueMaxBytes(long queueMaxBytes) {
    this.queueMaxBytes = queueMaxBytes;
    return this;
  }

  /**
   * Sets the largest profile that is taken; 32 MiB by default. Stores have limits of their own
   * (Parca takes requests of 64 MiB, a gRPC server with defaults of 4 MiB).
   */
  public DeliveryBuilder profileMaxBytes(long profileMaxBytes) {
    this.profileMaxBytes = profileMaxBytes;
    return this;
  }

  /**
   * Sets the total time in which a profile is tried; an older one is dropped. More than zero; 7
   * days by default.
   */
  public DeliveryBuilder profileMaxAge(Duration profileMaxAge) {
    this.profileMaxAge = Objects.requireNonNull(profileMaxAge, "profileMaxAge");
    return this;
  }

  /**
   * Sets how large the requests become when there is much to send; one larger profile is sent
   * alone. At least 1 KiB; 1 MiB by default.
   */
  public DeliveryBuilder batchMaxBytes(long batchMaxBytes) {
    this.batchMaxBytes = batchMaxBytes;
    return this;
  }

  /** Sets how long a profile waits for others to be sent with it; zero or more, 1 s by default. */
  public DeliveryBuilder batchMaxAge(Duration batchMaxAge) {
    this.batchMaxAge = Objects.requireNonNull(batchMaxAge, "batchMaxAge");
    return this;
  }

  /** Sets how many calls to the sink may run at the same time; 1 to 64, 2 by default. */
  public DeliveryBuilder callsInFlight(int callsInFlight) {
    this.callsInFlight = callsInFlight;
    return this;
  }

  /**
   * Sets how long the sink's answer is waited for: after that the call is cancelled and its batch
   * tried again. A guard for sinks without a deadline of their own, so longer than that; more than
   * zero, 40 s by default.
   */
  public DeliveryBuilder callTimeout(Duration callTimeout) {
    this.callTimeout = Objects.requireNonNull(callTimeout, "callTimeout");
    return this;
  }

  /**
   * Sets the limit of the random rest after the first failure, doubled with each further one; more
   * than zero, 500 ms by default.
   */
  public DeliveryBuilder backoffFirst(Duration backoffFirst) {
    this.backoffFirst = Objects.requireNonNull(backoffFirst, "backoffFirst");
    return this;
  }

  /** Sets the largest such limit; not less than {@link #backoffFirst}, 30 s by default. */
  public DeliveryBuilder backoffMax(Duration backoffMax) {
    this.backoffMax = Objects.requireNonNull(backoffMax, "backoffMax");
    return this;
  }

  /**
   * Sets how often a sink is tried that does not let us in or refuses everything; more than zero,
   * 30 s by default.
   */
  public DeliveryBuilder probeInterval(Duration probeInterval) {
    this.probeInterval = Objects.requireNonNull(probeInterval, "probeInterval");
    return this;
  }

  /** Sets the timeout of {@link Delivery#close()}; zero or more, 5 s by default. */
  public DeliveryBuilder closeTimeout(Duration closeTimeout) {
    this.closeTimeout = Objects.requireNonNull(closeTimeout, "closeTimeout");
    return this;
  }

  /**
   * Sets a directory in which profiles are kept until they are sent, so that they survive the end
   * of the process. Made if it is not there; used by one delivery at a time. None by default.
   */
  public DeliveryBuilder spool(Path directory) {
    this.spool = Objects.requireNonNull(directory, "directory");
    return this;
  }

  /**
   * Sets how large the spool's files become together; when there is more, the oldest file is
   * dropped with what is in it, about a sixteenth of the whole. At least 1 MiB; 1 GiB by default.
   */
  public DeliveryBuilder spoolMaxBytes(long spoolMaxBytes) {
    this.spoolMaxBytes = spoolMaxBytes;
    return this;
  }

  /**
   * Sets how often what was written is forced to the device: so much can be lost when the machine
   * fails, nothing of it when only the process does. Zero forces after each write; 200 ms by
   * default.
   */
  public DeliveryBuilder spoolSyncInterval(Duration spoolSyncInterval) {
    this.spoolSyncInterval = Objects.requireNonNull(spoolSyncInterval, "spoolSyncInterval");
    return this;
  }

  /**
   * Sets a directory in which profiles that the sink refuses are written, laid out as {@link
   * DirectorySink} does, each with the sink's words beside it. None by default.
   */
  public DeliveryBuilder deadLetters(Path directory) {
    this.deadLetters = Objects.requireNonNull(directory, "directory");
    return this;
  }

  /**
   * Sets how large that directory becomes; what comes later is only counted. At least 1; 64 MiB by
   * default.
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

  /** Sets who is told of everything that happens; nobody by default. */
  public DeliveryBuilder listener(DeliveryListener listener) {
    this.listener = Objects.requireNonNull(listener, "listener");
    return this;
  }

  /** Sets what makes the delivery's threads; daemon threads by default. They are named by us. */
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

  /** Leaves out the threads: tests call the steps themselves. */
  DeliveryBuilder manual() {
    this.manual = true;
    return this;
  }

  /**
   * Returns a delivery that is not started yet.
   *
   * @throws IllegalArgumentException when a setting is out of range or two contradict each other
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
          "callsInFlight must be from 1 to 64, but is " + callsInFlight);
    }
    if (backoffMax.compareTo(backoffFirst) < 0) {
      throw new IllegalArgumentException(
          "backoffMax must not be less than backoffFirst = "
              + backoffFirst
              + ", but is "
              + backoffMax);
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
      throw new IllegalArgumentException(name + " must be at least " + least + ", but is " + value);
    }
  }

  private static void positive(String name, Duration value) {
    if (value.isNegative() || value.isZero()) {
      throw new IllegalArgumentException(name + " must be more than zero, but is " + value);
    }
  }

  private static void notNegative(String name, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(name + " must not be negative, but is " + value);
    }
  }
}
