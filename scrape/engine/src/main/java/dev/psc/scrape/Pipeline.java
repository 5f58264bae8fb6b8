package dev.psc.scrape;

import dev.psc.delivery.Acceptance;
import dev.psc.delivery.ProfileReceiver;
import dev.psc.delivery.ProfileTransform;
import dev.psc.delivery.RawProfile;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ProfileHandler;
import dev.psc.scrape.target.Target;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** What a fetched profile goes through: the target's transforms, then the receiver. */
final class Pipeline implements ProfileHandler {

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
      ProfileTransform.Result result = transform.apply(profile);
      if (result instanceof ProfileTransform.Result.Pass pass) {
        profile = pass.profile();
      } else if (result instanceof ProfileTransform.Result.Withhold withhold) {
        return new Handled(
            ScrapeOutcome.WITHHELD, withhold.reason(), withhold.message(), profile.sizeBytes());
      } else if (result instanceof ProfileTransform.Result.Reject reject) {
        return refused(target, reject.reason(), reject.message(), profile);
      }
    }
    if (closed.getAsBoolean()) {
      return new Handled(ScrapeOutcome.WITHHELD, "closed", "the scraper closes", 0);
    }
    Acceptance acceptance = receiver.accept(profile);
    if (acceptance instanceof Acceptance.Refused refused) {
      return refused(target, refused.reason(), refused.message(), profile);
    }
    if (acceptance instanceof Acceptance.Withheld withheld) {
      return new Handled(
          ScrapeOutcome.WITHHELD, withheld.reason(), withheld.message(), profile.sizeBytes());
    }
    return new Handled(ScrapeOutcome.OK, ScrapeOutcome.OK.reason(), "", profile.sizeBytes());
  }

  private static Handled refused(Target target, String reason, String message, RawProfile profile) {
    ScrapeOutcome outcome = ScrapeOutcome.REJECTED;
    for (ScrapeOutcome candidate : ScrapeOutcome.values()) {
      if (candidate.reason().equals(reason.toLowerCase(Locale.ROOT))) {
        outcome = candidate;
      }
    }
    return new Handled(outcome, reason, target.name() + ": " + message, profile.sizeBytes());
  }
}
