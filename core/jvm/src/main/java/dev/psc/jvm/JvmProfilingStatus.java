package dev.psc.jvm;

import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;

/**
 * What profiling of this JVM does, at one moment. Immutable.
 *
 * @param profiles what can be had
 * @param capture the capture of events, when it runs
 * @param unavailable why events cannot be captured, when they cannot
 * @param pprofAddress where profiles are served, if they are
 * @param push what became of pushed profiles, if they are pushed
 */
public record JvmProfilingStatus(
    Set<JvmProfile> profiles,
    Optional<CaptureStatus> capture,
    Optional<String> unavailable,
    Optional<InetSocketAddress> pprofAddress,
    Optional<PushStatus> push) {

  /** Copies the profiles. */
  public JvmProfilingStatus {
    profiles = Set.copyOf(profiles);
  }
}
