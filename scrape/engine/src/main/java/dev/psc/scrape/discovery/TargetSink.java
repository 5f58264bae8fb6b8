package dev.psc.scrape.discovery;

import java.util.Collection;

/**
 * A receiver of the target groups of a {@link TargetDiscovery}. Its methods return immediately, may
 * be called by any thread, and never throw. Calls that follow each other quickly are coalesced.
 */
public interface TargetSink {

  /**
   * Replaces everything this discovery published before.
   *
   * @param groups all groups; of two with the same source the later is used
   */
  void replace(Collection<TargetGroup> groups);

  /**
   * Replaces the groups of the same sources and keeps the others; a group without targets is
   * removed.
   *
   * @param changed only the groups that changed; empty if only the error is gone
   */
  void update(Collection<TargetGroup> changed);

  /**
   * Replaces groups as {@link #update(Collection)} does, while other targets cannot be listed.
   * Unlike two calls, it never shows the discovery without an error.
   *
   * @param changed only the groups that changed
   * @param message as for {@link #failed}
   */
  default void update(Collection<TargetGroup> changed, String message) {
    update(changed);
    failed(message);
  }

  /**
   * Reports that the discovery cannot list its targets at present. The last good ones stay; the
   * message is shown until the next {@link #replace} or {@link #update(Collection)}.
   *
   * @param message what failed, where, and what to do, without secrets
   */
  void failed(String message);
}
