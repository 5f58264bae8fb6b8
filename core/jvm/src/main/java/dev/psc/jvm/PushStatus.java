package dev.psc.jvm;

import java.time.Duration;
import java.util.Optional;

/**
 * A snapshot of the status of pushing to the delivery queue or to a receiver. The status of the
 * delivery is {@link JvmProfilingStatus#delivery}. Immutable.
 *
 * @param interval the length of a profile
 * @param pushed the number of profiles that the receiver accepted
 * @param refused the number of profiles that the receiver refused
 * @param lastError the last failure, if there was one
 */
public record PushStatus(
    Duration interval, long pushed, long refused, Optional<String> lastError) {}
