package dev.psc.jvm;

import dev.psc.pprof.LabelSet;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.IdentityHashMap;
import java.util.function.LongPredicate;
import jdk.jfr.consumer.RecordedThread;
import org.jspecify.annotations.Nullable;

/** What is known of the threads that events name. Guarded by the aggregator's lock. */
final class JfrThreads {

  private static final int MAX_CACHED = 8_192;
  private static final @Nullable MethodHandle IS_VIRTUAL = isVirtual();

  private final IdentityHashMap<RecordedThread, Known> cache = new IdentityHashMap<>();
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
  record Known(long id, boolean own, boolean virtual, int labels) {}

  JfrThreads(LabelTable labels, LongPredicate own, boolean namesAsLabels) {
    this.labels = labels;
    this.own = own;
    this.namesAsLabels = namesAsLabels;
  }

  Known of(@Nullable RecordedThread thread) {
    if (thread == null) {
      return new Known(-1, false, false, 0);
    }
    Known known = cache.get(thread);
    if (known == null) {
      if (cache.size() >= MAX_CACHED) {
        cache.clear();
      }
      known = look(thread);
      cache.put(thread, known);
    }
    return known;
  }

  private Known look(RecordedThread thread) {
    long id = thread.getJavaThreadId();
    String name = thread.getJavaName();
    boolean virtual = isVirtual(thread);
    boolean isOwn = own.test(id) || (name != null && name.startsWith("JFR "));
    int label = 0;
    if (namesAsLabels) {
      String shown = name == null ? thread.getOSName() : name;
      if (virtual) {
        shown = "virtual";
      }
      if (shown != null && !shown.isEmpty()) {
        label = labels.id(LabelSet.of("thread", FrameNames.poolName(shown)));
      }
    }
    return new Known(id, isOwn, virtual, label);
  }

  void clear() {
    cache.clear();
  }

  private static boolean isVirtual(RecordedThread thread) {
    if (IS_VIRTUAL == null) {
      return false;
    }
    try {
      return (boolean) IS_VIRTUAL.invokeExact(thread);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("RecordedThread.isVirtual failed", e);
    }
  }

  private static @Nullable MethodHandle isVirtual() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(RecordedThread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException e) {
      return null; // before JDK 21 there are no virtual threads
    }
  }
}
