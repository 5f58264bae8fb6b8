package dev.psc.delivery.internal.queue;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import java.time.Duration;
import java.util.Map;

/** A builder of {@link DeliverySnapshot}, filled by the parts of a delivery. Not thread-safe. */
public final class SnapshotBuilder {
  public String sink = "";
  public DeliveryState state = DeliveryState.NEW;
  public String stateMessage = "";
  long accepted;
  long acceptedBytes;
  long replayed;
  Map<String, Long> refused = Map.of();
  long sent;
  long sentBytes;
  long retried;
  Map<String, Long> dropped = Map.of();
  public long calls;
  public int callsInFlight;
  long queued;
  long queueBytes;
  long memoryBytes;
  long spoolBytes;
  boolean spoolHealthy = true;
  String spoolMessage = "";
  Duration oldestAge = Duration.ZERO;
  Duration latencyP50 = Duration.ZERO;
  Duration latencyP99 = Duration.ZERO;
  Duration latencyMax = Duration.ZERO;
  public String lastError = "";

  public DeliverySnapshot build() {
    return new DeliverySnapshot(
        sink,
        state,
        stateMessage,
        accepted,
        acceptedBytes,
        replayed,
        refused,
        sent,
        sentBytes,
        retried,
        dropped,
        calls,
        callsInFlight,
        queued,
        queueBytes,
        memoryBytes,
        spoolBytes,
        spoolHealthy,
        spoolMessage,
        oldestAge,
        latencyP50,
        latencyP99,
        latencyMax,
        lastError);
  }
}
