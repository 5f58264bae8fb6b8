package dev.psc.delivery.internal.queue;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.Durability;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A profile in the queue. Its mutable fields belong to the {@link QueueState}'s lock. */
public final class QueuedProfile {

  public enum State {
    /** Queued in its series, or not in the window. */
    PENDING,
    /** The profile is in a part of a rejected batch that waits to be sent. */
    GROUPED,
    /** Rejected alone; dropped once the sink accepts another profile. */
    SUSPECT,
    IN_FLIGHT,
    DONE
  }

  /** The least weight of a profile in memory, for its objects. */
  private static final int MIN_WEIGHT_BYTES = 1024;

  public final RawProfile profile;
  final long acceptedNanos;
  public final long acceptedMillis;
  final boolean replayed;
  public final @Nullable CompletableFuture<Durability> durability;

  public State state = State.PENDING;
  boolean inWindow;

  /** The position in the window, unique and increasing. */
  long order;

  /** Number of rejections alone while the sink accepted no profile at all. */
  int refusals;

  /** The sink's reason when the profile was rejected alone. */
  public String refusedReason = "";

  public String refusedMessage = "";

  @Nullable Series series;
  @Nullable QueuedProfile previous;
  public @Nullable QueuedProfile next;

  /** The segment of the record, if the profile is on disk. */
  public @Nullable Segment segment;

  public int ordinal;
  public long offset;

  public QueuedProfile(
      RawProfile profile,
      long acceptedNanos,
      long acceptedMillis,
      boolean replayed,
      @Nullable CompletableFuture<Durability> durability) {
    this.profile = profile;
    this.acceptedNanos = acceptedNanos;
    this.acceptedMillis = acceptedMillis;
    this.replayed = replayed;
    this.durability = durability;
  }

  public int bytes() {
    return profile.sizeBytes();
  }

  /** Returns the weight that counts against limits on memory. */
  int weightBytes() {
    return Math.max(MIN_WEIGHT_BYTES, profile.sizeBytes());
  }
}
