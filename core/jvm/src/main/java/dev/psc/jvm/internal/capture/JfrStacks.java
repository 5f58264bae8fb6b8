package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.event.JfrClass;
import java.util.Arrays;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedMethod;
import jdk.jfr.consumer.RecordedStackTrace;
import org.jspecify.annotations.Nullable;

/**
 * A converter of the JDK's stack traces into numbers of stacks, mostly without reading names: see
 * {@link ConstantCache}. Guarded by the aggregator's lock.
 */
public final class JfrStacks {

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
      return aggregator.stackPool().stackOf(PseudoFrames.NO_STACK);
    }
    forgetOldEpoch();
    return traces.get(trace, this::intern);
  }

  /** Returns the number of truncated stacks. */
  long truncated() {
    return truncated;
  }

  /** Releases the JDK's objects, which keep the constants of their chunk alive. */
  void clear() {
    traces.clear();
    methods.clear();
  }

  private int intern(RecordedStackTrace trace) {
    StackPool stackPool = aggregator.stackPool();
    // By name, because the JDK's accessors look up every field twice.
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
            stackPool.location(
                methods.get(method, this::function), lines ? frame.getInt("lineNumber") : 0);
      }
    }
    if (trace.isTruncated()) {
      truncated++;
      buffer[depth++] = stackPool.location(stackPool.function(PseudoFrames.TRUNCATED, ""), 0);
    }
    return depth == 0 ? stackPool.stackOf(PseudoFrames.NO_STACK) : stackPool.stack(buffer, depth);
  }

  private int function(RecordedMethod method) {
    RecordedClass recorded = method.getType();
    JfrClass type = recorded == null ? JfrClass.UNKNOWN : new JfrClass(recorded.getName());
    return aggregator.stackPool().method(type.shown(), method.getName(), type.file());
  }

  private void forgetOldEpoch() {
    if (epoch != aggregator.epoch()) {
      clear();
      epoch = aggregator.epoch();
    }
  }
}
