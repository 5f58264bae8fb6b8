package dev.psc.pprof;

import java.util.List;

/**
 * One sample for people; {@link Profile#cursor()} reads the same without an object per sample.
 * Immutable.
 *
 * @param stack its frames, the innermost first
 * @param values one per sample type
 * @param labels its labels in the order written
 */
public record Sample(List<Frame> stack, List<Long> values, List<SampleLabel> labels) {

  /** Makes the lists immutable. */
  public Sample {
    stack = List.copyOf(stack);
    values = List.copyOf(values);
    labels = List.copyOf(labels);
  }

  /** Returns the value of one sample type. */
  public long value(int sampleType) {
    return values.get(sampleType);
  }
}
