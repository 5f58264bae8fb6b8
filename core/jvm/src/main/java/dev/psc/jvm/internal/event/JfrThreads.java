package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.LabelTable;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.label.LabelSet;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/** The known facts about the threads that events name. Guarded by the aggregator's lock. */
public final class JfrThreads {

  private static final Known NONE = new Known(-1, false, false, 0);

  private final LabelTable labels;
  private final LongPredicate own;
  private final boolean namesAsLabels;

  /**
   * A thread.
   *
   * @param id the Java thread's id, or -1 for a thread of the JVM
   * @param own whether it works for the profiler
   * @param virtual whether it is a virtual thread
   * @param labels number of the labels that all its samples have
   */
  public record Known(long id, boolean own, boolean virtual, int labels) {}

  /**
   * @param own recognizes threads of the profiler by id
   */
  public JfrThreads(LabelTable labels, LongPredicate own, boolean namesAsLabels) {
    this.labels = labels;
    this.own = own;
    this.namesAsLabels = namesAsLabels;
  }

  /** Returns the value that represents no thread. */
  public Known none() {
    return NONE;
  }

  public Known of(long id, @Nullable String javaName, @Nullable String osName, boolean virtual) {
    boolean isOwn = own.test(id) || (javaName != null && OwnThreads.isOwnName(javaName));
    int label = 0;
    if (namesAsLabels) {
      String shown = javaName == null ? osName : javaName;
      if (virtual) {
        shown = "virtual";
      }
      if (shown != null && !shown.isEmpty()) {
        label = labels.id(LabelSet.of("thread", FrameNames.poolName(shown)));
      }
    }
    return new Known(id, isOwn, virtual, label);
  }
}
