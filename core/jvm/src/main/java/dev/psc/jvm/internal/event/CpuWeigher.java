package dev.psc.jvm.internal.event;

/** Turns samples of running threads into CPU time. Called with the aggregator's lock held. */
public interface CpuWeigher {

  /**
   * Receives a sample whose CPU time is not known yet.
   *
   * @param threadId the Java thread's id
   * @param virtual whether it is a virtual thread, which has no CPU clock
   * @param inNative whether the thread was in native code: running, or waiting there
   */
  void sample(long threadId, boolean virtual, boolean inNative, int stack, int labels);

  /**
   * Receives the time of a sample whose CPU time is not known.
   *
   * @param inNative whether it was taken in native code
   * @param nanos since 1970
   */
  default void sampledAt(boolean inNative, long nanos) {}

  /**
   * Receives a sample that represents a known CPU time.
   *
   * @param threadId the Java thread's id
   * @param virtual whether it is a virtual thread, which has no CPU clock
   * @param nanos the CPU time since the thread's sample before
   */
  void timed(long threadId, boolean virtual, int stack, int labels, long nanos);
}
