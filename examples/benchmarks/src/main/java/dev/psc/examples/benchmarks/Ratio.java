package dev.psc.examples.benchmarks;

/**
 * A measurable goal: the cost of the product divided by the cost of a reference, both measured in
 * the same run. Lower is better.
 *
 * <p>Implementations have a constructor without arguments and are registered in {@code
 * META-INF/services/dev.psc.examples.benchmarks.Ratio}.
 */
public interface Ratio {

  /** Returns a short name in lower-case words with hyphens, for {@code --only}. */
  String name();

  /** Returns the largest ratio that meets the goal. */
  double goal();

  /**
   * Measures the ratio, within a minute, or a few if many rounds are necessary.
   *
   * @return the ratio, or the reason why it cannot be measured
   * @throws Exception if the measurement fails; reported by the caller
   */
  Measurement measure() throws Exception;
}
