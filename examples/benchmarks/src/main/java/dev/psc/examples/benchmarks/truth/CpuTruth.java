package dev.psc.examples.benchmarks.truth;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The CPU clocks of the process and of some threads, read every 20 ms. Thread-safe. */
final class CpuTruth {

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final long[] watched;
  private final List<long[]> readings = new ArrayList<>();
  private final Thread reader = new Thread(this::read, "truth");

  CpuTruth(List<Thread> watched) {
    this.watched = watched.stream().mapToLong(Thread::getId).toArray();
    reader.setDaemon(true);
  }

  void start() {
    add();
    reader.start();
  }

  void stop() throws InterruptedException {
    reader.interrupt();
    reader.join();
    add();
  }

  private void read() {
    try {
      while (true) {
        TimeUnit.MILLISECONDS.sleep(20);
        add();
      }
    } catch (InterruptedException e) {
      // stopped
    }
  }

  private synchronized void add() {
    long[] reading = new long[2 + watched.length];
    Instant now = Instant.now();
    reading[0] = now.getEpochSecond() * 1_000_000_000L + now.getNano();
    reading[1] = PROCESS.getProcessCpuTime();
    for (int i = 0; i < watched.length; i++) {
      reading[2 + i] = THREADS.getThreadCpuTime(watched[i]);
    }
    readings.add(reading);
  }

  /** Returns the CPU time of the process between two times. */
  double processNanos(long fromNanos, long toNanos) {
    return at(toNanos, 1) - at(fromNanos, 1);
  }

  /** Returns the CPU time of a watched thread between two times. */
  double threadNanos(int index, long fromNanos, long toNanos) {
    return at(toNanos, 2 + index) - at(fromNanos, 2 + index);
  }

  private synchronized double at(long nanos, int column) {
    long[] before = readings.get(0);
    for (long[] reading : readings) {
      if (reading[0] >= nanos) {
        double share =
            reading[0] == before[0] ? 0 : (double) (nanos - before[0]) / (reading[0] - before[0]);
        return before[column] + Math.max(0, share) * (reading[column] - before[column]);
      }
      before = reading;
    }
    return before[column];
  }
}
