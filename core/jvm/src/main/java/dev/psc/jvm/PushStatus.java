package dev.psc.jvm;

import java.time.Duration;
import java.util.Optional;

/**
 * How profiles were handed to the queue before the store, or to a receiver; what came of them there
 * is in {@link JvmProfilingStatus#delivery}. Immutable.
 *
 * @param interval how long a profile is
 * @param pushed profiles that the receiver took
 * @param refused profiles that the receiver did not take
 * @param lastError the last failure, if there was one
 */
public record PushStatus(
    Duration interval, long pushed, long refused, Optional<String> lastError) {}
