package dev.psc.testkit;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The resource usage of this process. */
record Usage(long heapBytes, int threads, long files) {

  static Usage now() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    long open =
        ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
            ? unix.getOpenFileDescriptorCount()
            : 0;
    return new Usage(
        runtime.totalMemory() - runtime.freeMemory(),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        open);
  }
}
