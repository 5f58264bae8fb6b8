package dev.psc.scrape;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.format.PprofException;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.internal.loop.ProfileHandler;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.transform.DeltaTransform;
import dev.psc.scrape.transform.Validation;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a fetched profile goes through: the target's transforms, then the receiver. */
final class Pipeline implements ProfileHandler {

  private static final Logger logger = LoggerFactory.getLogger(Pipeline.class);

  private final Function<Target, List<ProfileTransform>> transforms;
  private final ProfileReceiver receiver;
  private final BooleanSupplier closed;

  Pipeline(
      Function<Target, List<ProfileTransform>> transforms,
      ProfileReceiver receiver,
      BooleanSupplier closed) {
    this.transforms = transforms;
    this.receiver = receiver;
    this.closed = closed;
  }

  @Override
  public Handled handle(Target target, byte[] body, long startEpochNanos, long durationNanos) {
    RawProfile profile =
        RawProfile.builder(target.labels(), body)
            .timeNanos(startEpochNanos)
            .durationNanos(target.seconds() > 0 ? target.seconds() * 1_000_000_000L : 0)
            .normalizedAddresses(target.job().normalizedAddresses())
            .build();
    for (ProfileTransform transform : transforms.apply(target)) {
      ProfileTransform.Result result;
      try {
        result = transform.apply(profile);
      } catch (RuntimeException fault) {
        logger.error("{}: {} failed", target.name(), transform.getClass().getName(), fault);
        return new Handled(
            ScrapeOutcome.INTERNAL,
            "transform_failed",
            target.name() + ": " + transform.getClass().getName() + " threw " + fault,
            profile.sizeBytes());
      }
      if (result instanceof ProfileTransform.Result.Pass pass) {
        profile = pass.profile();
      } else if (result instanceof ProfileTransform.Result.Withhold withhold) {
        return new Handled(
            ScrapeOutcome.WITHHELD, withhold.reason(), withhold.message(), profile.sizeBytes());
      } else if (result instanceof ProfileTransform.Result.Reject reject) {
        return rejected(target, transform, reject, profile);
      }
    }
    if (closed.getAsBoolean()) {
      return new Handled(ScrapeOutcome.WITHHELD, "closed", "the scraper closes", 0);
    }
    Acceptance acceptance = receiver.accept(profile);
    if (acceptance instanceof Acceptance.Refused refused) {
      return new Handled(
          ScrapeOutcome.REJECTED,
          refused.reason(),
          target.name() + ": " + refused.message(),
          profile.sizeBytes());
    }
    if (acceptance instanceof Acceptance.Withheld withheld) {
      return new Handled(
          ScrapeOutcome.WITHHELD, withheld.reason(), withheld.message(), profile.sizeBytes());
    }
    return new Handled(ScrapeOutcome.OK, ScrapeOutcome.OK.reason(), "", profile.sizeBytes());
  }

  private static Handled rejected(
      Target target,
      ProfileTransform transform,
      ProfileTransform.Result.Reject reject,
      RawProfile profile) {
    // Only the engine's own transforms speak of the format; the words of others are their own.
    boolean ours = transform instanceof Validation || transform instanceof DeltaTransform;
    ScrapeOutcome outcome = ours ? outcome(reject.reason()) : ScrapeOutcome.REJECTED;
    return new Handled(
        outcome,
        ours ? outcome.reason() : reject.reason(),
        target.name()
            + ": "
            + reject.message()
            + (transform instanceof Validation ? advice(outcome) : ""),
        profile.sizeBytes());
  }

  private static ScrapeOutcome outcome(String code) {
    return switch (code) {
      case PprofException.NOT_PPROF, PprofException.LEGACY_BINARY -> ScrapeOutcome.NOT_PPROF;
      case PprofException.LEGACY_TEXT -> ScrapeOutcome.LEGACY_TEXT;
      case PprofException.TRUNCATED -> ScrapeOutcome.TRUNCATED;
      case PprofException.TOO_LARGE -> ScrapeOutcome.TOO_LARGE;
      case PprofException.NO_SUCH_SAMPLE_TYPE -> ScrapeOutcome.NO_SAMPLE_TYPE;
      default -> ScrapeOutcome.INVALID_PROFILE;
    };
  }

  private static String advice(ScrapeOutcome outcome) {
    return switch (outcome) {
      case NOT_PPROF -> "; check the profile's path, e.g. /debug/pprof/heap";
      case LEGACY_TEXT -> "; remove debug=1 from params and path";
      case TRUNCATED ->
          "; the target, or a proxy in between, broke off while it wrote: look into its log";
      case TOO_LARGE -> "; raise inflated_size_limit if it is meant to be";
      case NO_SAMPLE_TYPE -> "; correct keep_sample_type";
      case INVALID_PROFILE -> "; the program that wrote it has to be corrected";
      default -> "";
    };
  }
}
