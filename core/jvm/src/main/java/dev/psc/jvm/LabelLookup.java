package dev.psc.jvm;

import dev.psc.pprof.LabelSet;

/** Knows which labels a thread had at a moment: joined to samples while they are counted. */
@FunctionalInterface
interface LabelLookup {

  /** No thread ever has labels. */
  LabelLookup NONE = (threadId, epochNanos) -> LabelSet.empty();

  /**
   * Returns the labels of a thread at a time; called on the stream's thread up to two seconds
   * later, must be fast and not throw.
   *
   * @param threadId the Java thread's id, a virtual one's too
   * @param epochNanos nanoseconds since 1970
   */
  LabelSet labels(long threadId, long epochNanos);
}
