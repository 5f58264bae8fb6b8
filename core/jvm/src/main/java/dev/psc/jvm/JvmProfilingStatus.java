package dev.psc.jvm;

import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A snapshot of the status of a {@link JvmProfiling}. Immutable.
 *
 * @param profiles the profiles that are served and pushed
 * @param capture the status of the event capture, if it is running; where profiles are only served,
 *     a request starts it
 * @param unavailable the reason why events cannot be captured, if they cannot
 * @param pprofAddress the address at which profiles are served, if they are
 * @param push the status of pushing, if profiles are pushed
 * @param delivery the status of the delivery to a store or sink, if one is set
 * @param problems the faults that are retried, e.g. an address in use or a missing token file;
 *     without secrets, empty if there are none
 */
public record JvmProfilingStatus(
    Set<JvmProfile> profiles,
    Optional<CaptureStatus> capture,
    Optional<String> unavailable,
    Optional<InetSocketAddress> pprofAddress,
    Optional<PushStatus> push,
    Optional<DeliverySnapshot> delivery,
    List<String> problems) {

  /** Copies the profiles and the problems. */
  public JvmProfilingStatus {
    profiles = Set.copyOf(profiles);
    problems = List.copyOf(problems);
  }
}
