package dev.psc.jvm.internal.dump;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.aggregate.LabelTable;
import dev.psc.jvm.internal.aggregate.ProfileTable;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The stacks of all threads at one moment: the profile {@code goroutine}. */
public final class ThreadDump {

  /** The number of threads above which stacks are truncated, because a dump stops all threads. */
  private static final int MANY_THREADS = 2_000;

  private static final int CUT_DEPTH = 64;
  private static final int MAX_DEPTH = 512;

  private ThreadDump() {}

  /** One thread of a dump. */
  private record Entry(
      long id, String name, Thread.State state, String waitsFor, List<StackTraceElement> stack) {}

  private final long nowNanos = Clocks.epochNanos();
  private final StackPool stackPool = new StackPool(StackPool.Limits.DEFAULT);
  private final LabelTable labels = new LabelTable();
  private final ProfileTable table = new ProfileTable();
  private final int[] stack = new int[MAX_DEPTH];

  /**
   * Returns the threads, without those of the profiler unless requested.
   *
   * @param virtual whether virtual threads are included
   * @throws CaptureUnavailableException if virtual threads are not available
   */
  public static Snapshot take(boolean ownThreads, boolean virtual) {
    ThreadDump dump = new ThreadDump();
    for (Entry entry : entries()) {
      if (ownThreads || !isOwn(entry)) {
        dump.add(
            entry.id(), FrameNames.poolName(entry.name()), entry.state().name(), entry.stack());
      }
    }
    if (virtual) {
      VirtualThreads.forEach(
          thread -> dump.add(thread.id(), "virtual", thread.state(), thread.stack()));
    }
    return new Snapshot(
        JvmProfile.GOROUTINE, dump.stackPool, dump.labels, dump.table, dump.nowNanos, 0);
  }

  private void add(long id, String pool, String state, List<StackTraceElement> elements) {
    int depth = Math.min(elements.size(), MAX_DEPTH);
    for (int i = 0; i < depth; i++) {
      stack[i] = location(elements.get(i));
    }
    LabelSet label =
        ThreadLabels.SHARED
            .at(id, nowNanos)
            .withAll(
                LabelSet.of(
                    "thread_pool",
                    pool.isEmpty() ? "unnamed" : pool,
                    "thread_state",
                    state.isEmpty() ? "UNKNOWN" : state));
    int number = depth == 0 ? stackPool.stackOf("[no Java frames]") : stackPool.stack(stack, depth);
    table.add(number, labels.id(label), 1, 0);
  }

  private int location(StackTraceElement element) {
    String className = FrameNames.className(element.getClassName());
    String file = element.getFileName();
    int function =
        stackPool.function(
            className + "." + element.getMethodName(),
            file == null ? FrameNames.fileName(className) : FrameNames.fileName(className, file));
    return stackPool.location(function, element.getLineNumber());
  }

  /** Returns the dump as text like that of {@code jstack}: {@code ?debug=2}. */
  public static String text(boolean ownThreads) {
    StringBuilder text = new StringBuilder(8192);
    for (Entry entry : entries()) {
      if (!ownThreads && isOwn(entry)) {
        continue;
      }
      text.append('"').append(entry.name()).append("\" #").append(entry.id()).append('\n');
      text.append("   java.lang.Thread.State: ").append(entry.state());
      if (!entry.waitsFor().isEmpty()) {
        text.append(" on ").append(entry.waitsFor());
      }
      text.append('\n');
      for (StackTraceElement element : entry.stack()) {
        text.append("\tat ").append(element).append('\n');
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static boolean isOwn(Entry entry) {
    return OwnThreads.isOwn(entry.id(), entry.name()) || ownRequest(entry.stack());
  }

  /** Returns whether a thread of the application handles a request for a profile. */
  private static boolean ownRequest(List<StackTraceElement> stack) {
    for (StackTraceElement element : stack) {
      if (IdleMethods.isOwnRequest(element.getClassName(), element.getMethodName())) {
        return true;
      }
    }
    return false;
  }

  private static List<Entry> entries() {
    try {
      return Beans.entries();
    } catch (LinkageError e) {
      return plainEntries(); // a run-time image without java.management
    }
  }

  private static List<Entry> plainEntries() {
    List<Entry> entries = new ArrayList<>();
    for (Map.Entry<Thread, StackTraceElement[]> e : Thread.getAllStackTraces().entrySet()) {
      Thread thread = e.getKey();
      entries.add(
          new Entry(
              thread.getId(), thread.getName(), thread.getState(), "", List.of(e.getValue())));
    }
    return entries;
  }

  private static final class Beans {

    private Beans() {}

    static List<Entry> entries() {
      var threads = ManagementFactory.getThreadMXBean();
      int depth = threads.getThreadCount() > MANY_THREADS ? CUT_DEPTH : MAX_DEPTH;
      ThreadInfo[] infos = threads.dumpAllThreads(false, false, depth);
      List<Entry> entries = new ArrayList<>(infos.length);
      for (ThreadInfo info : infos) {
        if (info != null) {
          String lock = info.getLockName();
          entries.add(
              new Entry(
                  info.getThreadId(),
                  info.getThreadName(),
                  info.getThreadState(),
                  lock == null ? "" : lock,
                  List.of(info.getStackTrace())));
        }
      }
      return entries;
    }
  }
}
