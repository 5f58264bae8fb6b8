package dev.psc.scraper.store;

import dev.psc.scrape.target.ScrapeJob;
import java.util.Collection;

/**
 * The limit on one profile and on one request to the store. It follows from the largest {@code
 * body_size_limit}, so that every profile that is read can also be sent.
 */
public final class MessageLimit {

  /** The size of a request without the profile: labels and the framing of protobuf. */
  private static final long FRAMING_BYTES = 1 << 20;

  /** The limit with the default {@code body_size_limit}. */
  static final long DEFAULT_BYTES = ScrapeJob.DEFAULT_BODY_SIZE_LIMIT_BYTES + FRAMING_BYTES;

  private MessageLimit() {}

  /** Returns the limit for jobs, in bytes; never below the one with default settings. */
  public static long bytes(Collection<ScrapeJob> jobs) {
    long largest =
        jobs.stream()
            .mapToLong(ScrapeJob::bodySizeLimitBytes)
            .max()
            .orElse(ScrapeJob.DEFAULT_BODY_SIZE_LIMIT_BYTES);
    // A profile is an array, and so is a message of gRPC.
    return Math.max(DEFAULT_BYTES, Math.min(largest, Integer.MAX_VALUE - 16L) + FRAMING_BYTES);
  }
}
