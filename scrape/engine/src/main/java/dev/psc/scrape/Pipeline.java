package dev.psc.scrape;

import dev.psc.delivery.TransformChain;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.format.PprofException;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.internal.loop.ProfileHandler;
import dev.psc.scrape.internal.transform.SplitReceiver;
import dev.psc.scrape.internal.transform.Validation;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A handler that passes fetched profiles through the transforms of their target to a receiver.
 * Thread-safe.
 */
final class Pipeline implements ProfileHandler {

  private static final Logger logger = LoggerFactory.getLogger(Pipeline.class);

  private record JobChain(ScrapeJob job, TransformChain chain) {}

  private final Function<Target, List<ProfileTransform>> transforms;
  private final ProfileReceiver receiver;

  // Guarded by itself.
  private final Map<Target, JobChain> chains = new WeakHashMap<>();

  Pipeline(
      Function<Target, List<ProfileTransform>> transforms,
      ProfileReceiver receiver,
      BooleanSupplier closed) {
    this.transforms = transforms;
    this.receiver =
        profile ->
            closed.getAsBoolean()
                ? new Acceptance.Withheld("closed", "the scraper is closing")
                : receiver.accept(profile);
  }

  @Override
  public Handled handle(Target target, byte[] body, long startEpochNanos, long durationNanos) {
    RawProfile profile =
        RawProfile.builder(target.labels(), body)
            .timeNanos(startEpochNanos)
            .durationNanos(target.seconds() > 0 ? target.seconds() * 1_000_000_000L : 0)
            .normalizedAddresses(target.job().normalizedAddresses())
            .build();
    TransformChain.Outcome outcome = chain(target).process(profile);
    long sizeBytes = outcome.profile().sizeBytes();
    ProfileTransform transform = outcome.transform();
    if (outcome.acceptance() instanceof Acceptance.Refused refused) {
      if (outcome.failure() != null) {
        logger.error("{}: unexpected error in {}", target.name(), transform, outcome.failure());
      }
      // Only the reasons of the engine's own transform are classes of outcomes.
      ScrapeOutcome scrape =
          outcome.failure() != null
              ? ScrapeOutcome.INTERNAL
              : transform instanceof Validation
                  ? outcome(refused.reason())
                  : ScrapeOutcome.REJECTED;
      return new Handled(
          scrape,
          transform instanceof Validation && outcome.failure() == null
              ? scrape.reason()
              : refused.reason(),
          target.name() + ": " + refused.message(),
          sizeBytes);
    }
    if (outcome.acceptance() instanceof Acceptance.Withheld withheld) {
      return new Handled(ScrapeOutcome.WITHHELD, withheld.reason(), withheld.message(), sizeBytes);
    }
    return new Handled(ScrapeOutcome.OK, ScrapeOutcome.OK.reason(), "", sizeBytes);
  }

  /** Returns the chain of a target, which is built once unless a reload changes its job. */
  @SuppressWarnings(
      "ReferenceEquality") // A reload makes new jobs; comparing their contents costs more.
  private TransformChain chain(Target target) {
    synchronized (chains) {
      JobChain known = chains.get(target);
      if (known == null || known.job() != target.job()) {
        chains.remove(target);
        ScrapeJob job = target.job();
        ProfileReceiver last =
            job.splitBy().isEmpty()
                ? receiver
                : new SplitReceiver(
                    receiver, job.splitBy(), job.splitMaxSeries(), job.inflatedSizeLimitBytes());
        known = new JobChain(job, TransformChain.of(last, transforms.apply(target)));
        chains.put(target, known);
      }
      return known.chain();
    }
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
}
