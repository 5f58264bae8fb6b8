package dev.psc.examples.benchmarks;

/**
 * One promise in numbers: what the product costs, divided by what it is compared with, both
 * measured in the same run. Lower is better, always.
 *
 * <p>Implementations have a constructor without arguments and stand in {@code
 * META-INF/services/dev.psc.examples.benchmarks.Ratio}.
 */
public interface Ratio {

  /** Returns a short name in lower-case words with hyphens, as {@code --only} takes it. */
  String name();

  /** Returns the largest ratio that keeps the promise. */
  double goal();

  /**
   * Measures, within a minute, or a few where noise asks for many rounds.
   *
   * @return the ratio, or why it cannot be measured here
   * @throws Exception when the measuring itself fails, which the caller reports
   */
  Measurement measure() throws Exception;
}
