package dev.psc.jvm.internal.aggregate;

/** The names of frames that are not methods. */
public final class PseudoFrames {

  /** Samples whose stack did not fit into the tables. */
  public static final String OTHER = "[other]";

  /** A class, method or stack that the event does not name. */
  public static final String UNKNOWN = "[unknown]";

  /** An event without a stack. */
  public static final String NO_STACK = "[no stack]";

  /** The root of a stack that the JVM truncated at its depth limit. */
  public static final String TRUNCATED = "[truncated]";

  /** CPU time of the profiler's own threads. */
  public static final String PROFILER = "[profiler threads]";

  private PseudoFrames() {}
}
