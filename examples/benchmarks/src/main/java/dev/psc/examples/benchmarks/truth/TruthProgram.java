package dev.psc.examples.benchmarks.truth;

import java.util.List;

/**
 * A program whose profiles are compared with another measurement of the same values. It runs in a
 * separate JVM, once for each JDK and garbage collector.
 *
 * <p>Implementations have a constructor without arguments and are listed in {@code
 * META-INF/services/dev.psc.examples.benchmarks.truth.TruthProgram}.
 */
public interface TruthProgram {

  /** Returns a short name in lower-case words with hyphens, as {@code --only} takes it. */
  String name();

  /** Returns the kind of threads that do the work, e.g. {@code short-lived}. */
  default String threads() {
    return "platform";
  }

  /**
   * Returns whether the program's classes are not in the benchmarks' jar but in the jars of the
   * directory {@code programs} next to it. The class must then load without them.
   */
  default boolean inOtherJars() {
    return false;
  }

  /** Returns the oldest JDK that can run the program. */
  default int firstJdk() {
    return 17;
  }

  /** Returns the garbage collectors to run with, as in {@code -XX:+UseG1GC}: {@code G1}. */
  default List<String> collectors() {
    return List.of("G1");
  }

  /** Returns further options of the JVM. */
  default List<String> vmOptions() {
    return List.of();
  }

  /**
   * Runs the work, profiles it and reports rows of the table. The JVM exits afterwards, so daemon
   * threads need not be stopped.
   *
   * @throws Exception if the program cannot be measured; the table has the message
   */
  void measure(TruthCapture capture) throws Exception;
}
