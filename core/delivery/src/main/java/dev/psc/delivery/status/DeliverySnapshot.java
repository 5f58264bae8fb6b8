package dev.psc.delivery.status;

import dev.psc.delivery.Delivery;
import java.time.Duration;
import java.util.Map;

/**
 * A delivery at one moment. Immutable, and taken under one lock, so that the numbers add up:
 *
 * <pre>
 *   accepted + replayed = sent + sum(dropped) + queued
 * </pre>
 *
 * Profiles are counted where nothing else is said; bytes are those of their pprofs.
 *
 * @param sink name of the sink
 * @param state how sending goes
 * @param stateMessage why it goes that way and what to do; empty when all is well
 * @param accepted taken by {@link Delivery#accept}
 * @param acceptedBytes their bytes
 * @param replayed found on disk, left by an earlier process
 * @param refused not taken, by reason
 * @param sent taken by the sink
 * @param sentBytes their bytes
 * @param retried sent again after the sink asked for it or did not answer; once per profile and
 *     attempt
 * @param dropped accepted or replayed, and lost, by reason
 * @param calls calls to the sink that ended, of any outcome
 * @param callsInFlight calls to the sink that run
 * @param queued accepted or replayed and still here, in memory or on disk
 * @param queueBytes their bytes
 * @param memoryBytes those of them that are held in memory
 * @param spoolBytes size of the spool's files; 0 without a spool
 * @param spoolHealthy whether the spool takes profiles; true without a spool
 * @param spoolMessage why it does not and what to do; empty otherwise
 * @param oldestAge how long ago the oldest queued profile was accepted; zero when there is none
 * @param latencyP50 from acceptance to the sink's answer, median over everything sent, within 20 %;
 *     replayed profiles are left out
 * @param latencyP99 the same, 99th percentile
 * @param latencyMax the same, the largest
 * @param lastError the sink's last answer that was not "accepted"; empty when there was none
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

  /** Copies the maps. */
  public DeliverySnapshot {
    refused = Map.copyOf(refused);
    dropped = Map.copyOf(dropped);
  }

  /** Returns the number of profiles lost after acceptance, for any reason. */
  public long droppedTotal() {
    return dropped.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Returns the number of profiles not accepted, for any reason. */
  public long refusedTotal() {
    return refused.values().stream().mapToLong(Long::longValue).sum();
  }
}
