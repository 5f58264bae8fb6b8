package dev.psc.delivery.internal.queue;

import java.util.Map;
import java.util.TreeMap;

/** The counters of a queue. Guarded by the {@link QueueState}'s lock. */
public final class Counters {

  private long accepted;
  private long acceptedBytes;
  private long replayed;
  private long sent;
  private long sentBytes;
  private long retried;
  private long queued;
  private long queueBytes;
  private final Map<String, Long> refused = new TreeMap<>();
  private final Map<String, Long> dropped = new TreeMap<>();
  private final Latencies latencies = new Latencies();

  void accepted(long bytes) {
    accepted++;
    acceptedBytes += bytes;
    queued++;
    queueBytes += bytes;
  }

  public void replayed(long profiles, long bytes) {
    replayed += profiles;
    queued += profiles;
    queueBytes += bytes;
  }

  void refused(String reason) {
    refused.merge(reason, 1L, Long::sum);
  }

  void sent(QueuedProfile entry, long nowNanos) {
    sent++;
    sentBytes += entry.bytes();
    queued--;
    queueBytes -= entry.bytes();
    if (!entry.replayed) {
      latencies.add(nowNanos - entry.acceptedNanos);
    }
  }

  void retried(long profiles) {
    retried += profiles;
  }

  void dropped(long profiles, long bytes, String reason) {
    dropped.merge(reason, profiles, Long::sum);
    queued -= profiles;
    queueBytes -= bytes;
  }

  /** Returns the number of profiles ever accepted or replayed. */
  long takenIn() {
    return accepted + replayed;
  }

  long queued() {
    return queued;
  }

  long sentTotal() {
    return sent;
  }

  void fill(SnapshotBuilder snapshot) {
    snapshot.accepted = accepted;
    snapshot.acceptedBytes = acceptedBytes;
    snapshot.replayed = replayed;
    snapshot.refused = refused;
    snapshot.sent = sent;
    snapshot.sentBytes = sentBytes;
    snapshot.retried = retried;
    snapshot.dropped = dropped;
    snapshot.queued = queued;
    snapshot.queueBytes = queueBytes;
    snapshot.latencyP50 = latencies.quantile(0.5);
    snapshot.latencyP99 = latencies.quantile(0.99);
    snapshot.latencyMax = latencies.max();
  }
}
