package dev.psc.jvm;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
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
 * @param push how profiles were handed on, if they are pushed
 * @param delivery what became of them on the way to the store or the sink, if one of these is set:
 *     whether it takes them, why not, and what was lost
 */
public record JvmProfilingStatus(
    Set<JvmProfile> profiles,
    Optional<CaptureStatus> capture,
    Optional<String> unavailable,
    Optional<InetSocketAddress> pprofAddress,
    Optional<PushStatus> push,
    Optional<DeliverySnapshot> delivery) {

  /** Copies the profiles. */
  public JvmProfilingStatus {
    profiles = Set.copyOf(profiles);
  }
}
