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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A receiver that passes profiles through transforms, in the order given, to another receiver.
 * Thread-safe.
 *
 * <p>A transform that throws loses the one profile, which is counted as {@code transform_failed}.
 */
public final class TransformChain implements ProfileReceiver {

  private static final Logger logger = LoggerFactory.getLogger(TransformChain.class);

  private static final String TRANSFORM_FAILED = "transform_failed";

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
   * @param receiver the receiver of the resulting profiles; not closed by the chain
   * @param transforms the transforms, in order
   */
  public static TransformChain of(ProfileReceiver receiver, ProfileTransform... transforms) {
    return new TransformChain(receiver, List.of(transforms));
  }

  /**
   * Returns a chain.
   *
   * @param receiver the receiver of the resulting profiles; not closed by the chain
   * @param transforms the transforms, in order
   */
  public static TransformChain of(ProfileReceiver receiver, List<ProfileTransform> transforms) {
    return new TransformChain(receiver, transforms);
  }

  /**
   * The result of passing a profile through the chain. Immutable.
   *
   * @param acceptance the answer of the receiver, or of the transform that withheld or rejected the
   *     profile
   * @param transform the transform that decided, or null if the receiver did
   * @param profile the profile as the last transform returned it
   * @param failure the exception that a transform threw, or null
   */
  public record Outcome(
      Acceptance acceptance,
      @Nullable ProfileTransform transform,
      RawProfile profile,
      @Nullable RuntimeException failure) {}

  /**
   * Passes a profile through the transforms to the receiver, without logging and counting what the
   * transforms decide.
   */
  public Outcome process(RawProfile profile) {
    RawProfile current = profile;
    for (ProfileTransform transform : transforms) {
      ProfileTransform.Result result;
      try {
        result = transform.apply(current);
      } catch (RuntimeException e) {
        Acceptance refused =
            new Acceptance.Refused(
                TRANSFORM_FAILED, transform.getClass().getName() + " threw " + e);
        return new Outcome(refused, transform, current, e);
      }
      if (result instanceof ProfileTransform.Result.Pass pass) {
        current = pass.profile();
      } else if (result instanceof ProfileTransform.Result.Withhold withhold) {
        return new Outcome(
            new Acceptance.Withheld(withhold.reason(), withhold.message()),
            transform,
            current,
            null);
      } else if (result instanceof ProfileTransform.Result.Reject reject) {
        return new Outcome(
            new Acceptance.Refused(reject.reason(), reject.message()), transform, current, null);
      }
    }
    return new Outcome(receiver.accept(current), null, current, null);
  }

  @Override
  public Acceptance accept(RawProfile profile) {
    Outcome outcome = process(profile);
    ProfileTransform transform = outcome.transform();
    if (transform == null) {
      return outcome.acceptance();
    }
    if (outcome.acceptance() instanceof Acceptance.Withheld result) {
      count(withheld, result.reason());
    } else if (outcome.acceptance() instanceof Acceptance.Refused result) {
      count(rejected, result.reason());
      throttle.run(
          result.reason(),
          more ->
              logger.warn(
                  "Transform rejected {}: {} ({} more)",
                  profile,
                  result.message(),
                  more,
                  outcome.failure()));
    }
    return outcome.acceptance();
  }

  /** Returns the number of profiles that transforms withheld, by reason. */
  public Map<String, Long> withheld() {
    return copy(withheld);
  }

  /** Returns the number of profiles that transforms rejected, by reason. */
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
