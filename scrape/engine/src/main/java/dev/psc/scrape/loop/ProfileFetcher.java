package dev.psc.scrape.loop;

import dev.psc.scrape.target.Target;
import java.util.concurrent.CompletableFuture;

/** Gets one profile of a target. */
@FunctionalInterface
public interface ProfileFetcher {

  /**
   * Starts to get a profile and returns at once.
   *
   * @return completes with the answer's body within the target's timeout, or exceptionally with an
   *     {@link dev.psc.scrape.http.HttpFailure}; cancelling it ends the attempt
   */
  CompletableFuture<byte[]> fetch(Target target);
}
