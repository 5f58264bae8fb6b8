package dev.psc.jvm;

import java.time.Duration;
import java.util.Optional;

/**
 * What became of the profiles that were to be pushed. Immutable.
 *
 * @param interval how long a profile is
 * @param pushed profiles that the receiver took
 * @param refused profiles that the receiver did not take
 * @param lastError the last failure, if there was one
 */
public record PushStatus(
    Duration interval, long pushed, long refused, Optional<String> lastError) {}
