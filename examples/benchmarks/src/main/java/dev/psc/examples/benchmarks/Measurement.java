package dev.psc.examples.benchmarks;

/** What became of measuring a {@link Ratio}. Immutable. */
public sealed interface Measurement {

  /**
   * It was measured.
   *
   * @param ratio the product's cost divided by that of what it is compared with
   * @param detail both costs with their units, and on what
   */
  record Measured(double ratio, String detail) implements Measurement {}

  /**
   * It cannot be measured on this machine.
   *
   * @param reason what is missing
   */
  record Skipped(String reason) implements Measurement {}
}
