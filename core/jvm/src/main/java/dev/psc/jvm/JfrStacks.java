package dev.psc.jvm;

import java.util.Arrays;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import org.jspecify.annotations.Nullable;

/**
 * Turns the JDK's stack traces into numbers of stacks, nearly all of them without looking at a
 * name: see {@link ConstantCache}. Guarded by the aggregator's lock.
 */
final class JfrStacks {

  static final String TRUNCATED = "[truncated]";
  static final String NO_STACK = "[no stack]";

  private static final int MAX_TRACES = 8_192;
  private static final int MAX_METHODS = 32_768;

  private final Aggregator aggregator;
  private final ConstantCache<RecordedStackTrace, Integer> traces = new ConstantCache<>(MAX_TRACES);
  private final ConstantCache<RecordedMethod, Integer> methods = new ConstantCache<>(MAX_METHODS);
  private int[] buffer = new int[256];
  private long epoch;
  private long truncated;

  JfrStacks(Aggregator aggregator) {
    this.aggregator = aggregator;
  }

  int stack(@Nullable RecordedStackTrace trace) {
    if (trace == null) {
      return aggregator.interner().stackOf(NO_STACK);
    }
    forgetOldEpoch();
    return traces.get(trace, this::intern);
  }

  /** Returns how many stacks without their root were met. */
  long truncated() {
    return truncated;
  }

  /** Lets go of the JDK's objects, which keep their chunk's constants alive. */
  void clear() {
    traces.clear();
    methods.clear();
  }

  private int intern(RecordedStackTrace trace) {
    Interner interner = aggregator.interner();
    // By their names, not by the JDK's methods: those look for every field twice.
    Object[] frames = trace.getValue("frames");
    int length = frames == null ? 0 : frames.length;
    int depth = 0;
    if (buffer.length < length + 1) {
      buffer = Arrays.copyOf(buffer, length + 1);
    }
    boolean lines = length > 0 && ((RecordedFrame) frames[0]).hasField("lineNumber");
    for (int i = 0; i < length; i++) {
      RecordedFrame frame = (RecordedFrame) frames[i];
      RecordedMethod method = frame.getValue("method");
      if (method != null) {
        buffer[depth++] =
            interner.location(
                methods.get(method, this::function), lines ? frame.getInt("lineNumber") : 0);
      }
    }
    if (trace.isTruncated()) {
      truncated++;
      buffer[depth++] = interner.location(interner.function(TRUNCATED, ""), 0);
    }
    return depth == 0 ? interner.stackOf(NO_STACK) : interner.stack(buffer, depth);
  }

  private int function(RecordedMethod method) {
    RecordedClass type = method.getType();
    return aggregator
        .interner()
        .method(type == null ? JfrClass.UNKNOWN : new JfrClass(type.getName()), method.getName());
  }

  private void forgetOldEpoch() {
    if (epoch != aggregator.epoch()) {
      clear();
      epoch = aggregator.epoch();
    }
  }
}
