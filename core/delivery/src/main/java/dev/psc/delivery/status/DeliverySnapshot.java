package dev.psc.delivery.status;

import dev.psc.delivery.Delivery;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The counters and the state of a delivery at one moment. Immutable. The counters are read under
 * one lock, so that they add up:
 *
 * <pre>
 *   accepted + replayed = sent + sum(dropped) + queued
 * </pre>
 *
 * The unit is profiles unless stated otherwise; bytes are those of the pprof bodies.
 *
 * @param sink name of the sink
 * @param state the state of the sender
 * @param stateMessage the cause of the state and a remedy; empty while sending works
 * @param accepted profiles accepted by {@link Delivery#accept}
 * @param acceptedBytes their bytes
 * @param replayed profiles found in the spool, left by an earlier process
 * @param refused profiles not accepted, by reason
 * @param sent profiles accepted by the sink
 * @param sentBytes their bytes
 * @param retried profiles sent again after the sink asked for it or did not answer; once per
 *     profile and attempt
 * @param dropped profiles accepted or replayed, and lost, by reason
 * @param calls calls to the sink that ended, of any outcome
 * @param callsInFlight running calls to the sink
 * @param queued profiles waiting, in memory or on disk
 * @param queueBytes their bytes
 * @param memoryBytes the part of these bytes that is held in memory
 * @param spoolBytes size of the spool's files; 0 without a spool
 * @param spoolHealthy whether the spool accepts profiles; true without a spool
 * @param spoolMessage the cause of a failed spool and a remedy; empty otherwise
 * @param oldestAge time since the oldest queued profile was accepted; zero if the queue is empty
 * @param latencyP50 median time from acceptance to the sink's answer, within 20 %, over all sent
 *     profiles except replayed ones
 * @param latencyP99 the same, 99th percentile
 * @param latencyMax the same, the largest
 * @param lastError the last answer of the sink that was not "accepted"; empty if there was none
 */
public record DeliverySnapshot(
    String sink,
    DeliveryState state,
    String stateMessage,
    long accepted,
    long acceptedBytes,
    long replayed,
    Map<String, Long> refused,
    long sent,
    long sentBytes,
    long retried,
    Map<String, Long> dropped,
    long calls,
    int callsInFlight,
    long queued,
    long queueBytes,
    long memoryBytes,
    long spoolBytes,
    boolean spoolHealthy,
    String spoolMessage,
    Duration oldestAge,
    Duration latencyP50,
    Duration latencyP99,
    Duration latencyMax,
    String lastError) {

  /**
   * The reasons of {@link #dropped} that are known beforehand, for meters that start at zero. A
   * sink may add its own.
   */
  public static final List<String> DROP_REASONS =
      List.of(
          "queue_full",
          "spool_full",
          "spool_damaged",
          "spool_lost",
          "expired",
          "closed",
          "too_large",
          "invalid_argument");

  /** The reasons of {@link #refused}. */
  public static final List<String> REFUSAL_REASONS =
      List.of("too_large", "queue_full", "spool_slow", "closed");

  /** Copies the maps. */
  public DeliverySnapshot {
    refused = Map.copyOf(refused);
    dropped = Map.copyOf(dropped);
  }

  /** Returns the number of profiles lost after acceptance, for any reason. */
  public long droppedTotal() {
    return dropped.values().stream().mapToLong(Long::longValue).sum();
  }
}
