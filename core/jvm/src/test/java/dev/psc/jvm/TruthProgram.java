package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Does a known amount of work of each kind, and prints it together with the profiled values. */
public final class TruthProgram {

  private static final long MILLI = 1_000_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final Object MONITOR = new Object();
  private static final ReentrantLock LOCK = new ReentrantLock();

  static volatile long sink;
  static volatile Object kept = "";

  private TruthProgram() {}

  static void burnLong(long cpuNanos) {
    burn(cpuNanos);
  }

  public static void burnShort(long cpuNanos) {
    burn(cpuNanos);
  }

  /** A virtual thread has no CPU clock. */
  static void burnVirtual(int rounds) {
    long x = sink;
    for (int i = 0; i < rounds * 20_000; i++) {
      x = mix(x);
    }
    sink = x;
  }

  private static void burn(long cpuNanos) {
    long end = THREADS.getCurrentThreadCpuTime() + cpuNanos;
    long x = sink;
    while (THREADS.getCurrentThreadCpuTime() < end) {
      for (int i = 0; i < 20; i++) {
        x = mix(x);
      }
    }
    sink = x;
  }

  /**
   * A separate method, because the flight recorder of JDK 17 sometimes cannot walk the stack of one
   * endless loop.
   */
  private static long mix(long seed) {
    long x = seed;
    for (long i = 0; i < 2_000; i++) {
      x = x * 31 + i;
    }
    return x;
  }

  /** Returns the bytes that it allocated. */
  public static long allocateSmall(long bytes) {
    long done = 0;
    for (; done < bytes; done += 1_040) {
      kept = new byte[1_024];
    }
    return done;
  }

  static long allocateLarge(long bytes) {
    long done = 0;
    for (; done < bytes; done += 65_552) {
      kept = new byte[65_536];
    }
    return done;
  }

  private static long part(long bytes, int rounds, double times) {
    return rounds == 1 ? bytes : (long) ((double) bytes / rounds * times);
  }

  static long awaitMonitor(CountDownLatch ready) {
    ready.countDown();
    long start = System.nanoTime();
    synchronized (MONITOR) {
      return System.nanoTime() - start;
    }
  }

  static long awaitLock(CountDownLatch ready) {
    ready.countDown();
    long start = System.nanoTime();
    LOCK.lock();
    try {
      return System.nanoTime() - start;
    } finally {
      LOCK.unlock();
    }
  }

  static long sleepAWhile() throws InterruptedException {
    long start = System.nanoTime();
    TimeUnit.MILLISECONDS.sleep(400);
    return System.nanoTime() - start;
  }

  public static void main(String[] arguments) throws Exception {
    long scale = Long.parseLong(arguments[0]);
    boolean exact = arguments[1].equals("exact");
    CaptureSettings settings = CaptureSettings.builder().exactAllocations(exact).build();
    Capture capture =
        SharedCapture.acquire(settings, OwnThreads.daemons()).get(60, TimeUnit.SECONDS);
    EnumSet<JvmProfile> profiles =
        EnumSet.of(JvmProfile.PROCESS_CPU, JvmProfile.MEMORY, JvmProfile.MUTEX, JvmProfile.BLOCK);
    CompletableFuture<Window> window = capture.open(profiles);
    window.get(60, TimeUnit.SECONDS);

    // The burners stay until the window ends: the clock of a thread that has ended is gone, and its
    // last half second an estimate.
    CountDownLatch burnt = new CountDownLatch(8);
    CountDownLatch windowEnded = new CountDownLatch(1);
    for (int i = 0; i < 4; i++) {
      burner(() -> burnLong(700 * scale * MILLI), burnt, windowEnded);
      burner(() -> burnShort(350 * scale * MILLI), burnt, windowEnded);
    }
    burnt.await();
    // Samples want a long and steady flow: the recorder takes those of a fifth of a second at its
    // beginning if more is allocated than it expected, and what a thread allocates after its last
    // sample is missing. Whole buffers want long stretches, as each counts where it was opened; of
    // random lengths, as others may be in step with the buffers.
    Random random = new Random(1);
    long small = (400L * scale) << 20;
    long large = (200L * scale) << 20;
    int rounds = exact ? 20 : 400;
    for (int left = rounds; left > 0; left--) {
      small -= allocateSmall(part(small, left, exact ? 0.5 + random.nextDouble() : 1));
      large -= allocateLarge(part(large, left, exact ? 0.5 + random.nextDouble() : 1));
      TimeUnit.MILLISECONDS.sleep(exact ? 75 : 15);
    }
    long[] waited = new long[3];
    waitForLocks(waited);
    waited[2] = sleepAWhile();
    List<Snapshot> snapshots = capture.close(window).get(60, TimeUnit.SECONDS);
    windowEnded.countDown();
    SharedCapture.release();

    Snapshot cpu = snapshots.get(0);
    print("cpu.long", 2_800 * scale * MILLI, Totals.with(cpu, name("burnLong")));
    print("cpu.short", 1_400 * scale * MILLI, Totals.with(cpu, name("burnShort")));
    System.out.println("CPU " + Totals.of(cpu));
    Snapshot memory = snapshots.get(1);
    long smallSeen = Totals.with(memory, name("allocateSmall"));
    long largeSeen = Totals.with(memory, name("allocateLarge"));
    if (exact) {
      print("alloc.small", (400L * scale) << 20, smallSeen);
      print("alloc.large", (200L * scale) << 20, largeSeen);
    } else {
      print("alloc", (600L * scale) << 20, smallSeen + largeSeen);
    }
    Snapshot mutex = snapshots.get(2);
    print("mutex.monitor", waited[0], Totals.with(mutex, name("awaitMonitor")));
    print("mutex.lock", waited[1], Totals.with(mutex, name("awaitLock")));
    print("block.sleep", waited[2], Totals.with(snapshots.get(3), name("sleepAWhile")));
  }

  private static void waitForLocks(long[] waited) throws InterruptedException {
    CountDownLatch ready = new CountDownLatch(2);
    Thread first;
    Thread second;
    synchronized (MONITOR) {
      LOCK.lock();
      try {
        first = thread(() -> waited[0] = awaitMonitor(ready));
        second = thread(() -> waited[1] = awaitLock(ready));
        ready.await();
        burn(400 * MILLI);
      } finally {
        LOCK.unlock();
      }
    }
    first.join();
    second.join();
  }

  private static void burner(Runnable task, CountDownLatch burnt, CountDownLatch windowEnded) {
    Thread unused =
        thread(
            () -> {
              task.run();
              burnt.countDown();
              try {
                windowEnded.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task);
    thread.start();
    return thread;
  }

  private static String name(String method) {
    return TruthProgram.class.getName() + "." + method;
  }

  private static void print(String what, long truth, long measured) {
    System.out.println("TRUTH " + what + " " + truth + " " + measured);
  }
}
