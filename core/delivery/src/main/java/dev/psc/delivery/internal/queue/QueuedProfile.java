package dev.psc.delivery.internal.queue;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.status.Durability;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A profile in the queue. Its mutable fields belong to the {@link QueueState}'s lock. */
public final class QueuedProfile {

  public enum State {
    /** In its series' line, or not in the window at all. */
    PENDING,
    /** In a part of a refused batch that waits to be sent. */
    GROUPED,
    /** Refused alone; dropped once it is known that the sink takes others. */
    SUSPECT,
    IN_FLIGHT,
    DONE
  }

  /** What a small profile counts for in memory: its objects are not free either. */
  private static final int MIN_WEIGHT_BYTES = 1024;

  public final RawProfile profile;
  final long acceptedNanos;
  public final long acceptedMillis;
  final boolean replayed;
  public final @Nullable CompletableFuture<Durability> durability;

  public State state = State.PENDING;
  boolean inWindow;

  /** Its place in the window, unique and growing. */
  long order;

  /** How often it was refused alone while nothing showed that the sink takes any profile. */
  int refusals;

  /** The sink's words when it was refused alone. */
  public String refusedReason = "";

  public String refusedMessage = "";

  @Nullable Series series;
  @Nullable QueuedProfile previous;
  public @Nullable QueuedProfile next;

  /** Where it is on disk, if it is. */
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

  /** Returns what it counts for against limits on memory. */
  int weightBytes() {
    return Math.max(MIN_WEIGHT_BYTES, profile.sizeBytes());
  }
}
