package dev.psc.examples.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpServer;
import dev.psc.examples.benchmarks.truth.Sources;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import dev.psc.jvm.profile.CaptureStatus;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.zip.Deflater;
import jdk.jfr.Recording;
import org.jspecify.annotations.Nullable;

/** The profiled work, in a separate JVM; prints {@code name value} lines. */
final class JvmWork {

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final long WARM_UP_NANOS = 45_000_000_000L;
  private static final long MEASURED_NANOS = 2_000_000_000L;
  private static final long SETTLING_NANOS = 1_500_000_000L;

  private static final Set<JvmProfile> PROFILES =
      EnumSet.of(
          JvmProfile.PROCESS_CPU,
          JvmProfile.MEMORY,
          JvmProfile.MUTEX,
          JvmProfile.BLOCK,
          JvmProfile.GOROUTINE,
          JvmProfile.THREADCREATE);

  /** The argument for starting our profiler in each turn, as async-profiler requires. */
  static final String RESTARTED = "restarted";

  private static volatile long sink;
  private static @Nullable Object asyncProfiler;

  private JvmWork() {}

  /** A piece of work that takes some hundred milliseconds. */
  @FunctionalInterface
  private interface Piece {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "compile" -> alternate(() -> compile(8), Integer.parseInt(arguments[1]), arguments[2]);
      case "http" -> http(Integer.parseInt(arguments[1]), arguments[2]);
      case "heap" -> heap(arguments[1].equals("on"));
      case "own" -> own();
      case "busy" -> busy(Integer.parseInt(arguments[1]), false);
      case "native" -> busy(2, true);
      case "start" -> start();
      case "first" -> first();
      case "record" -> record(Path.of(arguments[1]));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
    System.exit(0);
  }

  private static void print(String name, long value) {
    print(name, (double) value);
  }

  private static void print(String name, double value) {
    System.out.println(name + " " + value);
  }

  private static JvmProfiling profiling() throws InterruptedException {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .receiver(profile -> new dev.psc.delivery.spi.Acceptance.Accepted())
            .start();
    while (profiling.status().capture().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    return profiling;
  }

  /**
   * Runs the work alternately without and with our profiles, and prints the CPU time of the
   * process. The capture stays open, as in a service: without profiles it records nothing.
   */
  private static void alternate(Piece work, int rounds) throws Exception {
    // Before anything is compiled, see JvmProfiling.prepare().
    try (JvmProfiling profiling = profiling()) {
      alternate(
          work,
          rounds,
          () -> profiling.reconfigure(PROFILES),
          () -> profiling.reconfigure(Set.of()));
    }
  }

  /** Our profiler, or ours or async-profiler with a start and a stop around each turn. */
  private static void alternate(Piece work, int rounds, String profiler) throws Exception {
    if (profiler.isEmpty()) {
      alternate(work, rounds);
      return;
    }
    Piece[] stop = new Piece[1];
    alternate(
        work,
        rounds,
        () -> stop[0] = profiler.equals(RESTARTED) ? profiling()::close : async(Path.of(profiler)),
        () -> stop[0].run());
  }

  /**
   * Runs in the order without, with, with, without, so that a drift affects both sides. Most of the
   * warm-up is with profiles, so that the steady state is measured.
   */
  private static void alternate(Piece work, int rounds, Piece switchOn, Piece switchOff)
      throws Exception {
    switchOn.run();
    work(work, WARM_UP_NANOS);
    switchOff.run();
    long pieces = work(work, MEASURED_NANOS);
    for (int round = 0; round < rounds; round++) {
      print("off", cpuOf(work, pieces));
      switchOn.run();
      work(work, SETTLING_NANOS);
      print("on", cpuOf(work, pieces));
      print("on", cpuOf(work, pieces));
      switchOff.run();
      work(work, SETTLING_NANOS);
      print("off", cpuOf(work, pieces));
    }
  }

  /** Returns the number of work items that fit into a time. */
  private static long work(Piece work, long nanos) throws Exception {
    long end = System.nanoTime() + nanos;
    long pieces = 0;
    while (System.nanoTime() < end) {
      work.run();
      pieces++;
    }
    return pieces;
  }

  private static double cpuOf(Piece work, long pieces) throws Exception {
    System.gc();
    long before = PROCESS.getProcessCpuTime();
    for (long i = 0; i < pieces; i++) {
      work.run();
    }
    return (PROCESS.getProcessCpuTime() - before) / 1e6;
  }

  /**
   * Starts async-profiler with the settings closest to ours: CPU samples every 10 ms, allocations,
   * locks, into a recording. Uses reflection, since it is not a dependency.
   *
   * @return the action that stops it
   */
  private static Piece async(Path jar) throws Exception {
    if (asyncProfiler == null) {
      ClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()});
      asyncProfiler =
          loader.loadClass("one.profiler.AsyncProfiler").getMethod("getInstance").invoke(null);
    }
    Object profiler = asyncProfiler;
    Method execute = profiler.getClass().getMethod("execute", String.class);
    Path file = Files.createTempFile("psc-benchmark", ".jfr");
    execute.invoke(
        profiler, "start,event=ctimer,interval=10ms,alloc=512k,lock=1ms,jfr,file=" + file);
    return () -> {
      execute.invoke(profiler, "stop,file=" + file);
      Files.delete(file);
    };
  }

  /** Compiles generated classes in this JVM. */
  private static void compile(int classes) {
    if (!Sources.compile(classes)) {
      throw new IllegalStateException("the generated sources do not compile");
    }
  }

  /** A small service with its own load. */
  private static void http(int rounds, String profiler) throws Exception {
    // Otherwise each response is delayed by 40 ms between head and body.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    ExecutorService workers = Executors.newFixedThreadPool(4);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.setExecutor(workers);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = page().getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
          }
        });
    server.start();
    HttpClient client = HttpClient.newHttpClient();
    URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    alternate(() -> load(client, address), rounds, profiler);
    server.stop(0);
    workers.shutdownNow();
  }

  private static void load(HttpClient client, URI address) throws IOException {
    HttpRequest request = HttpRequest.newBuilder(address).build();
    for (int i = 0; i < 400; i++) {
      try {
        sink = client.send(request, HttpResponse.BodyHandlers.ofString()).body().length();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private static String page() {
    Map<Integer, String> rows = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      rows.put(i * 7919 % 1_009, "row " + i);
    }
    StringBuilder page = new StringBuilder();
    rows.forEach((key, row) -> page.append(key).append(": ").append(row).append('\n'));
    return page.toString();
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

  /**
   * Prints the heap in use after work, at rest, with or without a capture. The work itself retains
   * the same amount in both.
   */
  private static void heap(boolean profiled) throws Exception {
    for (int i = 0; i < 10; i++) {
      compile(40);
    }
    JvmProfiling profiling = profiled ? profiling() : null;
    long end = System.nanoTime() + 45_000_000_000L;
    while (System.nanoTime() < end) {
      compile(40);
    }
    print("used", usedBytes());
    if (profiling != null) {
      print("stacks", profiling.status().capture().orElseThrow().stacks());
      profiling.close();
    }
  }

  /** Prints the CPU time of the profiler's threads while the machine is half busy. */
  private static void own() throws Exception {
    try (JvmProfiling profiling = profiling()) {
      long warm = System.nanoTime() + 8_000_000_000L;
      while (System.nanoTime() < warm) {
        sink = page().length();
      }
      CaptureStatus before = profiling.status().capture().orElseThrow();
      long start = System.nanoTime();
      while (System.nanoTime() - start < 20_000_000_000L) {
        sink = page().length();
        TimeUnit.MICROSECONDS.sleep(50);
      }
      CaptureStatus after = profiling.status().capture().orElseThrow();
      print("own", after.ownCpu().minus(before.ownCpu()).toNanos());
      print("wall", System.nanoTime() - start);
      print("events", after.events() - before.events());
    }
  }

  /** Prints the rate of the CPU profile and that of the process clock, under a steady load. */
  private static void busy(int threads, boolean inNative) throws Exception {
    try (JvmProfiling profiling = profiling()) {
      for (int i = 0; i < threads; i++) {
        boolean deflates = inNative && i % 2 == 0;
        Thread thread = new Thread(deflates ? JvmWork::deflate : JvmWork::calculate);
        thread.setDaemon(true);
        thread.start();
      }
      TimeUnit.MILLISECONDS.sleep(1_500);
      long cpu = PROCESS.getProcessCpuTime();
      long start = System.nanoTime();
      PprofResponse response =
          profiling
              .handler()
              .handle(
                  new PprofRequest(
                      "GET", "/debug/pprof/profile", Map.of("seconds", "5"), Map.of()));
      double truth = (double) (PROCESS.getProcessCpuTime() - cpu) / (System.nanoTime() - start);
      Profile profile = Profile.parse(response.body());
      print("profile", (double) profile.total(1) / profile.durationNanos());
      print("truth", truth);
    }
  }

  private static void calculate() {
    while (true) {
      sink = mixed(sink);
    }
  }

  private static long mixed(long seed) {
    long x = seed;
    for (int i = 0; i < 200_000; i++) {
      x = x * 31 + i;
    }
    return x;
  }

  private static void deflate() {
    byte[] input = new byte[1 << 20];
    for (int i = 0; i < input.length; i++) {
      input[i] = (byte) ((i * 31) >> 3);
    }
    byte[] output = new byte[1 << 20];
    while (true) {
      Deflater deflater = new Deflater(9);
      deflater.setInput(input);
      deflater.finish();
      sink = deflater.deflate(output);
      deflater.end();
    }
  }

  /** Records samples of the compiler's allocations: deep and varied stacks. */
  private static void record(Path file) throws IOException {
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ObjectAllocationSample").with("throttle", "2000/s").withStackTrace();
      recording.start();
      long end = System.nanoTime() + 10_000_000_000L;
      while (System.nanoTime() < end) {
        compile(40);
      }
      recording.stop();
      recording.dump(file);
    }
  }

  /**
   * Prints the CPU time of this thread, as waiting for a processor is not a cost of the profiler.
   */
  private static void start() throws Exception {
    // The application would pay for these anyway.
    Runnable lambda = () -> org.slf4j.LoggerFactory.getLogger(JvmWork.class).debug("ready");
    lambda.run();
    long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    JvmProfiling profiling =
        JvmProfiling.builder()
            .receiver(profile -> new dev.psc.delivery.spi.Acceptance.Accepted())
            .start();
    print("start", (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before) / 1e6);
    List<byte[]> kept = new ArrayList<>();
    while (profiling.status().capture().isEmpty()
        || profiling.status().capture().get().events() == 0) {
      kept.add(new byte[100_000]);
      if (kept.size() > 100) {
        kept.clear();
      }
      sink = mixed(sink);
    }
    long stop = System.nanoTime();
    profiling.close();
    print("stop", (System.nanoTime() - stop) / 1e6);
  }

  /** Prints the time from the end of the first interval to its profile in a store, over TLS. */
  private static void first() throws Exception {
    Duration interval = Duration.ofSeconds(5);
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      ManagedChannel channel = store.openChannel();
      long start = System.nanoTime();
      JvmProfiling profiling =
          JvmProfiling.builder()
              .interval(interval)
              .sink(GrpcProfileSink.builder(channel).ownedChannel(channel).build())
              .start();
      while (store.profiles().isEmpty()) {
        sink = mixed(sink);
      }
      print("after", (System.nanoTime() - start - interval.toNanos()) / 1e6);
      profiling.close();
    }
  }
}
