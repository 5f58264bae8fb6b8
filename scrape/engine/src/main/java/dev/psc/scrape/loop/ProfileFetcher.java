package dev.psc.scrape.loop;

import dev.psc.scrape.target.Target;
import java.util.concurrent.CompletableFuture;

/** A fetcher of the profiles of targets. */
@FunctionalInterface
public interface ProfileFetcher {

  /**
   * Starts fetching a profile and returns immediately.
   *
   * @return completes with the response body within the target's timeout, or exceptionally with an
   *     {@link dev.psc.scrape.http.HttpFailure}; cancelling it ends the attempt
   */
  CompletableFuture<byte[]> fetch(Target target);
}
