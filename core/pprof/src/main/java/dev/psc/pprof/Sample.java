package dev.psc.pprof;

import java.util.List;

/**
 * One sample as objects; {@link Profile#cursor()} reads samples without allocating objects.
 * Immutable.
 *
 * @param stack its frames, the innermost first
 * @param values one per sample type
 * @param labels its labels in the order written
 */
public record Sample(List<Frame> stack, List<Long> values, List<SampleLabel> labels) {

  private static final int MAX_PRINTED = 100;

  /** Makes the lists immutable. */
  public Sample {
    stack = List.copyOf(stack);
    values = List.copyOf(values);
    labels = List.copyOf(labels);
  }

  /** Returns values, labels and the innermost 100 frames at most. */
  @Override
  public String toString() {
    List<Frame> printed = stack.subList(0, Math.min(stack.size(), MAX_PRINTED));
    return "Sample[stack="
        + printed
        + (printed.size() < stack.size() ? " of " + stack.size() + " frames" : "")
        + ", values="
        + values
        + ", labels="
        + labels.subList(0, Math.min(labels.size(), MAX_PRINTED))
        + "]";
  }

  /** Returns the value of one sample type. */
  public long value(int sampleType) {
    return values.get(sampleType);
  }
}
