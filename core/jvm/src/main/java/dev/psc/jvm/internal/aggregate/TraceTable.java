package dev.psc.jvm.internal.aggregate;

import dev.psc.jvm.profile.TraceContext;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A bounded table of the spans of samples by number; 0 means no span. The number of a span and the
 * number of a label set share an int, the <em>tags</em> of a sample, so that ids need no label
 * sets. Written by one thread at a time; readers resolve numbers without a lock.
 */
public final class TraceTable {

  /** The table of profiles that have no spans. Nothing is added to it. */
  static final TraceTable NONE = new TraceTable();

  private static final int LABEL_BITS = 14;
  private static final int LABEL_MASK = (1 << LABEL_BITS) - 1;

  /** The maximum number of distinct spans. */
  static final int MAX_SPANS = 100_000;

  private final Map<TraceContext, Integer> ids = new HashMap<>();
  private final Map<List<Long>, Integer> traceIds = new HashMap<>();
  private volatile @Nullable TraceContext[] contexts = new @Nullable TraceContext[64];
  private int[] traces = new int[64];
  private int size = 1;

  TraceTable() {}

  /** Returns the tags of a sample. */
  static int tags(int labels, int span) {
    return span << LABEL_BITS | labels;
  }

  /** Returns the number of the label set. */
  public static int labelsOf(int tags) {
    return tags & LABEL_MASK;
  }

  static int spanOf(int tags) {
    return tags >>> LABEL_BITS;
  }

  /** Returns the number of a span, or 0 if the table is full. */
  int id(TraceContext context) {
    Integer known = ids.get(context);
    if (known != null) {
      return known;
    }
    if (size > MAX_SPANS) {
      return 0;
    }
    if (size == traces.length) {
      contexts = Arrays.copyOf(contexts, size * 2);
      traces = Arrays.copyOf(traces, size * 2);
    }
    contexts[size] = context;
    List<Long> trace = List.of(context.traceIdHigh(), context.traceIdLow());
    traces[size] = traceIds.computeIfAbsent(trace, added -> traceIds.size());
    ids.put(context, size);
    return size++;
  }

  /** Returns the number of the trace of a span. */
  int traceOf(int span) {
    return traces[span];
  }

  @Nullable TraceContext get(int span) {
    return contexts[span];
  }

  boolean isEmpty() {
    return size == 1;
  }
}
