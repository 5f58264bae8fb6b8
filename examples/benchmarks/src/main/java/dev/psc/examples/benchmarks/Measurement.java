package dev.psc.examples.benchmarks;

/** The result of measuring a {@link Ratio}. Immutable. */
public sealed interface Measurement {

  /**
   * A measured ratio.
   *
   * @param ratio the cost of the product divided by the cost of the reference
   * @param detail both costs with units, and the input
   */
  record Measured(double ratio, String detail) implements Measurement {}

  /**
   * The ratio cannot be measured on this machine.
   *
   * @param reason the missing requirement
   */
  record Skipped(String reason) implements Measurement {}
}
