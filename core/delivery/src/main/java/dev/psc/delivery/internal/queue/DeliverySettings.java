package dev.psc.delivery.internal.queue;

import dev.psc.delivery.DeliveryBuilder;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The checked settings of a {@link DeliveryBuilder}. */
public record DeliverySettings(
    long queueMaxBytes,
    long profileMaxBytes,
    Duration profileMaxAge,
    long batchMaxBytes,
    Duration batchMaxAge,
    int callsInFlight,
    Duration callTimeout,
    Duration backoffFirst,
    Duration backoffMax,
    Duration probeInterval,
    Duration closeTimeout,
    boolean closeSink,
    @Nullable SpoolSettings spool,
    @Nullable Path deadLetters,
    long deadLetterMaxBytes) {

  /** The settings of the spool. */
  public record SpoolSettings(
      Path directory, long maxBytes, long segmentBytes, Duration syncInterval) {}
}
