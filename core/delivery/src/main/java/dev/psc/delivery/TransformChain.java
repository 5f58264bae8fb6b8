package dev.psc.delivery;

import dev.psc.delivery.internal.queue.LogThrottle;
import dev.psc.delivery.internal.queue.Ticker;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Transforms in front of a receiver: each profile goes through them in the order given, and what
 * they let pass is handed on. Safe for use by several threads.
 *
 * <p>A transform that throws costs the one profile, counted as {@code transform_failed}.
 */
public final class TransformChain implements ProfileReceiver {

  private static final Logger logger = LoggerFactory.getLogger(TransformChain.class);

  private final ProfileReceiver receiver;
  private final List<ProfileTransform> transforms;
  private final Map<String, LongAdder> withheld = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> rejected = new ConcurrentHashMap<>();
  private final LogThrottle throttle = new LogThrottle(Ticker.SYSTEM);

  private TransformChain(ProfileReceiver receiver, List<ProfileTransform> transforms) {
    this.receiver = Objects.requireNonNull(receiver, "receiver");
    this.transforms = List.copyOf(transforms);
  }

  /**
   * Returns a chain.
   *
   * @param receiver takes what passes; not closed by the chain
   * @param transforms in the order in which they see a profile
   */
  public static TransformChain of(ProfileReceiver receiver, ProfileTransform... transforms) {
    return new TransformChain(receiver, List.of(transforms));
  }

  /**
   * Returns a chain.
   *
   * @param receiver takes what passes; not closed by the chain
   * @param transforms in the order in which they see a profile
   */
  public static TransformChain of(ProfileReceiver receiver, List<ProfileTransform> transforms) {
    return new TransformChain(receiver, transforms);
  }

  @Override
  public Acceptance accept(RawProfile profile) {
    RawProfile current = profile;
    for (ProfileTransform transform : transforms) {
      ProfileTransform.Result result;
      try {
        result = transform.apply(current);
      } catch (RuntimeException e) {
        count(rejected, "transform_failed");
        throttle.run(
            "transform_failed",
            more -> logger.warn("A transform failed on {} ({} more since)", profile, more, e));
        return new Acceptance.Refused(
            "transform_failed", transform.getClass().getName() + " threw " + e);
      }
      if (result instanceof ProfileTransform.Result.Pass pass) {
        current = pass.profile();
      } else if (result instanceof ProfileTransform.Result.Withhold withhold) {
        count(withheld, withhold.reason());
        return new Acceptance.Withheld(withhold.reason(), withhold.message());
      } else if (result instanceof ProfileTransform.Result.Reject reject) {
        count(rejected, reject.reason());
        throttle.run(
            reject.reason(),
            more -> logger.warn("Not sent: {}: {} ({} more)", profile, reject.message(), more));
        return new Acceptance.Refused(reject.reason(), reject.message());
      }
    }
    return receiver.accept(current);
  }

  /** Returns how many profiles the transforms held back as they should, by reason. */
  public Map<String, Long> withheld() {
    return copy(withheld);
  }

  /** Returns how many profiles the transforms rejected, by reason. */
  public Map<String, Long> rejected() {
    return copy(rejected);
  }

  private static void count(Map<String, LongAdder> counts, String reason) {
    counts.computeIfAbsent(reason, key -> new LongAdder()).increment();
  }

  private static Map<String, Long> copy(Map<String, LongAdder> counts) {
    return counts.entrySet().stream()
        .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, entry -> entry.getValue().sum()));
  }
}
