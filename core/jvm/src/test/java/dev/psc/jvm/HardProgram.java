package dev.psc.jvm;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import jdk.jfr.FlightRecorder;

/** Programs that are hard to profile, each in a separate JVM. */
final class HardProgram {

  private HardProgram() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "deep" -> deep();
      case "late" -> {
        FlightRecorder unused = FlightRecorder.getFlightRecorder(); // with 64 frames
        deep();
      }
      case "threads" -> threads(Integer.parseInt(arguments[1]));
      case "virtual" -> virtual();
      case "flat" -> flat(Integer.parseInt(arguments[1]));
      case "contended" -> startAndStopFromTwoThreads(Integer.parseInt(arguments[1]));
      case "stacks" -> manyStacks(Integer.parseInt(arguments[1]));
      case "flushes" -> flushes(Integer.parseInt(arguments[1]));
      case "term" -> untilTerminated(arguments[1].equals("up"));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  static Profile get(JvmProfiling profiling, String path, Map<String, String> query)
      throws Exception {
    PprofResponse response =
        profiling
            .handler()
            .handle(new PprofRequest("GET", "/debug/pprof/" + path, query, Map.of()));
    if (response.status() != 200) {
      throw new AssertionError(new String(response.body(), StandardCharsets.UTF_8));
    }
    return Profile.parse(response.body());
  }

  private static JvmProfiling started(JvmProfiling.Builder builder) throws Exception {
    JvmProfiling profiling = builder.idleTimeout(Duration.ZERO).start();
    while (profiling.status().capture().isEmpty()) {
      if (profiling.status().unavailable().isPresent()) {
        throw new AssertionError(profiling.status().unavailable().get());
      }
      TimeUnit.MILLISECONDS.sleep(5);
    }
    return profiling;
  }

  static void recurse(int depth) {
    if (depth > 0) {
      recurse(depth - 1);
    } else {
      TruthProgram.burnShort(50_000_000);
    }
  }

  private static void deep() throws Exception {
    try (JvmProfiling profiling =
        started(JvmProfiling.builder().profiles(JvmProfile.PROCESS_CPU))) {
      Thread worker =
          new Thread(
              () -> {
                while (!Thread.currentThread().isInterrupted()) {
                  recurse(400);
                }
              });
      worker.setDaemon(true);
      worker.start();
      Profile profile = get(profiling, "profile", Map.of("seconds", "3"));
      worker.interrupt();
      int deepest = 0;
      String root = "";
      for (Sample sample : profile.samples()) {
        boolean ours =
            sample.stack().stream().anyMatch(f -> f.function().endsWith("HardProgram.recurse"));
        if (ours && sample.stack().size() > deepest) {
          deepest = sample.stack().size();
          root = sample.stack().get(deepest - 1).function();
        }
      }
      System.out.println("DEEPEST " + deepest + " " + root);
      System.out.println("DEPTH " + profiling.status().capture().orElseThrow().stackDepth());
    }
  }

  private static void threads(int count) throws Exception {
    CountDownLatch ready = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      Thread thread =
          new Thread(
              null,
              () -> {
                ready.countDown();
                while (true) {
                  LockSupport.park();
                }
              },
              "pool-7-thread-" + i,
              128 << 10);
      thread.setDaemon(true);
      thread.start();
    }
    ready.await();
    try (JvmProfiling profiling = started(JvmProfiling.builder().threadNames(true))) {
      Thread busy = new Thread(() -> TruthProgram.burnLong(2_000_000_000L));
      busy.start();
      Profile cpu = get(profiling, "profile", Map.of("seconds", "1"));
      Profile dump = get(profiling, "goroutine", Map.of());
      busy.join();
      System.out.println("GOROUTINES " + dump.total(0));
      System.out.println("ROWS " + dump.sampleCount());
      System.out.println("CPU " + cpu.total(1) / 1_000_000);
    }
  }

  /** By reflection: the tests are compiled for JDK 17. */
  private static void virtual() throws Exception {
    try (JvmProfiling profiling = started(JvmProfiling.builder().threadNames(true))) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Runnable burn = () -> TruthProgram.burnVirtual(40);
        threads.add(
            (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, burn));
      }
      Profile cpu = get(profiling, "profile", Map.of("seconds", "2"));
      for (Thread thread : threads) {
        thread.join();
      }
      long named = 0;
      for (Sample sample : cpu.samples()) {
        if (sample.stack().stream().anyMatch(f -> f.function().endsWith(".burnVirtual"))) {
          named += sample.value(1);
          System.out.println("LABELS " + sample.labels());
        }
      }
      System.out.println("SHARE " + named * 100 / cpu.total(1));
      System.out.println(
          "ERROR " + profiling.status().capture().orElseThrow().lastError().orElse("-"));
    }
  }

  private static void flat(int times) throws Exception {
    for (int i = 0; i < times / 4; i++) {
      started(JvmProfiling.builder()).close();
    }
    long threads = Thread.activeCount();
    long files = count("/proc/self/fd");
    long resident = residentKilobytes();
    for (int i = 0; i < times; i++) {
      started(JvmProfiling.builder()).close();
    }
    System.out.println("THREADS " + settled(() -> Thread.activeCount() - threads));
    System.out.println("FILES " + (count("/proc/self/fd") - files));
    System.out.println("KILOBYTES " + (residentKilobytes() - resident));
  }

  /** Threads that were told to end may take a moment on a busy machine. */
  private static long settled(LongSupplier threads) throws InterruptedException {
    for (int i = 0; i < 1_000 && threads.getAsLong() > 0; i++) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return threads.getAsLong();
  }

  private static long count(String directory) {
    String[] names = Path.of(directory).toFile().list();
    return names == null ? 0 : names.length;
  }

  private static long residentKilobytes() throws IOException {
    System.gc();
    Optional<String> line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(text -> text.startsWith("VmRSS:"))
            .findFirst();
    return line.map(text -> Long.parseLong(text.replaceAll("\\D", ""))).orElse(0L);
  }

  private static void startAndStopFromTwoThreads(int times) throws Exception {
    List<CompletableFuture<Void>> both = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      both.add(
          CompletableFuture.runAsync(
              () -> {
                for (int round = 0; round < times; round++) {
                  try (JvmProfiling profiling = JvmProfiling.builder().start()) {
                    profiling.status();
                  }
                }
              }));
    }
    CompletableFuture.allOf(both.toArray(CompletableFuture[]::new)).get(50, TimeUnit.SECONDS);
    try (JvmProfiling profiling = started(JvmProfiling.builder())) {
      System.out.println("AFTERWARDS " + get(profiling, "goroutine", Map.of()).total(0));
    }
    System.out.println(
        "THREADS "
            + settled(
                () ->
                    Thread.getAllStackTraces().keySet().stream()
                        .filter(thread -> thread.getName().startsWith("psc-"))
                        .count()));
  }

  private static void untilTerminated(boolean storeIsUp) throws Exception {
    JvmProfiling.Builder builder =
        JvmProfiling.builder().interval(Duration.ofMinutes(5)).profiles(JvmProfile.PROCESS_CPU);
    JvmProfiling profiling =
        started(
            storeIsUp
                ? builder.receiver(
                    profile -> {
                      System.out.println("PUSHED " + profile.name());
                      return new Acceptance.Accepted();
                    })
                : builder.sink(new DeadSink()));
    Thread worker = new Thread(() -> TruthProgram.burnLong(60_000_000_000L), "worker");
    worker.setDaemon(true);
    worker.start();
    // What the pushed window has counted is pushed; once a later window has ended, it has counted.
    while (get(profiling, "profile", Map.of("seconds", "1")).sampleCount() == 0) {
      if (!worker.isAlive()) {
        throw new AssertionError("nothing of the worker was counted");
      }
    }
    System.out.println("RUNNING");
    new CountDownLatch(1).await();
  }

  static volatile Object allocated = "";

  /** Calls a distinct stack for each seed, as deep as the seed has bits. */
  private static void left(long seed, int depth) {
    if (depth == 0) {
      allocated = new byte[512];
    } else if ((seed & 1) == 0) {
      left(seed >> 1, depth - 1);
    } else {
      right(seed >> 1, depth - 1);
    }
  }

  private static void right(long seed, int depth) {
    if (depth == 0) {
      allocated = new long[64];
    } else if ((seed & 1) == 0) {
      left(seed >> 1, depth - 1);
    } else {
      right(seed >> 1, depth - 1);
    }
  }

  private static void allocateEverywhere(Random random) {
    for (int i = 0; i < 2_000; i++) {
      left(random.nextLong(), 60);
    }
  }

  private static long usedBytes() {
    long used = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      used = Math.min(used, runtime.totalMemory() - runtime.freeMemory());
    }
    return used;
  }

  private static void manyStacks(int wanted) throws Exception {
    Random random = new Random(7);
    allocateEverywhere(random);
    long before = usedBytes();
    try (JvmProfiling profiling = started(JvmProfiling.builder().profiles(JvmProfile.MEMORY))) {
      while (profiling.status().capture().orElseThrow().stacks() < wanted) {
        allocateEverywhere(random);
      }
      System.out.println("MEGABYTES " + ((usedBytes() - before) >> 20));
    }
  }

  /** The flight recorder hands over what it has once a second; here as fast as it is taken. */
  private static void flushes(int times) throws Exception {
    Class<?> repository = Class.forName("jdk.jfr.internal.MetadataRepository");
    Object instance = repository.getMethod("getInstance").invoke(null);
    Method flush = repository.getMethod("flush");
    Method notify = Class.forName("jdk.jfr.internal.Utils").getMethod("notifyFlush");
    long start = System.nanoTime();
    try (JvmProfiling profiling =
        started(JvmProfiling.builder().profiles(JvmProfile.THREADCREATE))) {
      while (events(profiling) == 0) {
        startAThread();
      }
      long first = events(profiling);
      long heap = 0;
      long resident = 0;
      for (int i = 0; i < times; i++) {
        startAThread();
        flush.invoke(instance);
        notify.invoke(null);
        for (int waited = 0; i % 10 == 0 && events(profiling) < first + i; waited++) {
          if (waited == 30_000) {
            throw new AssertionError("of " + i + " events came " + (events(profiling) - first));
          }
          TimeUnit.MILLISECONDS.sleep(1); // until the stream has caught up
        }
        if (i == times / 4) {
          heap = usedBytes();
          resident = residentKilobytes();
        }
      }
      System.out.println("SECONDS " + (System.nanoTime() - start) / 1_000_000_000);
      System.out.println("HEAP " + ((usedBytes() - heap) >> 10));
      System.out.println("KILOBYTES " + (residentKilobytes() - resident));
      System.out.println("STARTED " + get(profiling, "threadcreate", Map.of()).total(0));
      System.out.println(
          "ERROR " + profiling.status().capture().orElseThrow().lastError().orElse("-"));
    }
  }

  private static void startAThread() throws InterruptedException {
    Thread thread = new Thread(() -> {});
    thread.start();
    thread.join();
  }

  private static long events(JvmProfiling profiling) {
    return profiling.status().capture().orElseThrow().events();
  }
}
