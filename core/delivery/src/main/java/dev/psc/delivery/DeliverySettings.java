package dev.psc.delivery;

import java.time.Duration;

/** The checked settings of a {@link DeliveryBuilder}. */
record DeliverySettings(
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
    boolean closeSink) {}
