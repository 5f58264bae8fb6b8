package dev.psc.jvm.internal.capture;

import com.sun.management.ThreadMXBean;
import dev.psc.jvm.internal.dump.VirtualThreads;
import dev.psc.jvm.internal.event.AllocationBaseline;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;

/** The JVM's counters of the bytes that threads have allocated. */
final class AllocationCounters {

  private static final String CARRIER_PREFIX = "ForkJoinPool-";

  private AllocationCounters() {}

  /** Records in the baseline what all threads have allocated so far, if this JVM counts it. */
  static void begin(AllocationBaseline baseline) {
    try {
      if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads
          && threads.isThreadAllocatedMemorySupported()
          && threads.isThreadAllocatedMemoryEnabled()) {
        begin(baseline, threads);
      }
    } catch (LinkageError | UnsupportedOperationException e) {
      // A run-time image without jdk.management: first samples stay as they are.
      return;
    }
  }

  private static void begin(AllocationBaseline baseline, ThreadMXBean threads) {
    long[] ids = threads.getAllThreadIds();
    long[] bytes = threads.getThreadAllocatedBytes(ids);
    boolean[] carriers = new boolean[ids.length];
    if (VirtualThreads.areSupported()) {
      ThreadInfo[] infos = threads.getThreadInfo(ids, 0);
      for (int i = 0; i < infos.length; i++) {
        carriers[i] = infos[i] != null && infos[i].getThreadName().startsWith(CARRIER_PREFIX);
      }
    }
    baseline.begin(ids, bytes, carriers, threads::getThreadAllocatedBytes);
  }
}
