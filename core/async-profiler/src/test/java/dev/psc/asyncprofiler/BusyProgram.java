package dev.psc.asyncprofiler;

import com.sun.management.OperatingSystemMXBean;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Does known work and profiles itself. It prints the port of its profiles, and answers on standard
 * output what it is asked on standard input.
 */
public final class BusyProgram {

  static final String DONE = "done";
  private static final long MILLI = 1_000_000;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
  private static final Object MONITOR = new Object();
  private static final AtomicLong ALLOCATED = new AtomicLong();
  private static final AtomicLong WAITED_NANOS = new AtomicLong();

  static volatile long sink;
  static volatile Object kept = "";

  private BusyProgram() {}

  static void hot(long cpuNanos) {
    burn(cpuNanos);
  }

  static void warm(long cpuNanos) {
    burn(cpuNanos);
  }

  private static void burn(long cpuNanos) {
    long end = THREADS.getCurrentThreadCpuTime() + cpuNanos;
    long x = sink;
    while (THREADS.getCurrentThreadCpuTime() < end) {
      for (int i = 0; i < 50_000; i++) {
        x = x * 31 + i;
      }
    }
    sink = x;
  }

  static void allocate(int kilobytes) {
    for (int i = 0; i < kilobytes; i++) {
      kept = new byte[1_024 - 16];
    }
    ALLOCATED.addAndGet(kilobytes * 1_024L);
  }

  static void contend() throws InterruptedException {
    long start = System.nanoTime();
    synchronized (MONITOR) {
      WAITED_NANOS.addAndGet(System.nanoTime() - start);
      Thread.sleep(10);
    }
  }

  private interface Work {
    void run() throws InterruptedException;
  }

  private static void forever(String name, Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                while (true) {
                  work.run();
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            name);
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Profiles itself until its standard input ends.
   *
   * @param arguments the engine, the profiles, and what to do: any of {@code burn}, {@code
   *     allocate}, {@code contend}
   */
  public static void main(String[] arguments) throws Exception {
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .environment(
                Map.of(
                    "PSC_ENGINE",
                    arguments[0],
                    "PSC_PROFILES",
                    arguments[1],
                    "PSC_IDLE_TIMEOUT",
                    "0s",
                    "PSC_PPROF_ADDRESS",
                    "127.0.0.1:0"))
            .start()) {
      if (arguments[2].contains("burn")) {
        forever("checkout", () -> labelled("checkout", () -> hot(20 * MILLI)));
        forever("cart", () -> labelled("cart", BusyProgram::cart));
      }
      if (arguments[2].contains("allocate")) {
        forever("allocator", BusyProgram::allocateAWhile);
      }
      if (arguments[2].contains("contend")) {
        forever("contender-1", BusyProgram::contend);
        forever("contender-2", BusyProgram::contend);
      }
      System.out.println(profiling.pprofAddress().orElseThrow().getPort());
      BufferedReader questions =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String next = questions.readLine(); next != null; next = questions.readLine()) {
        System.out.println(answer(next, profiling));
        System.out.println(DONE);
      }
    }
  }

  private static void labelled(String route, Runnable work) {
    ProfileLabels.run(LabelSet.of("route", route), work);
  }

  /** A third of its CPU time is warm. */
  private static void cart() {
    hot(10 * MILLI);
    warm(5 * MILLI);
  }

  private static void allocateAWhile() throws InterruptedException {
    allocate(200);
    Thread.sleep(1);
  }

  private static Object answer(String question, JvmProfiling profiling) throws IOException {
    return switch (question) {
      case "cpu" ->
          ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
              .getProcessCpuTime();
      case "allocated" -> ALLOCATED.get();
      case "waited" -> WAITED_NANOS.get();
      case "libraries" -> Files.readString(Path.of("/proc/self/maps"));
      case "status" -> profiling.status();
      default -> throw new IllegalArgumentException(question);
    };
  }
}
