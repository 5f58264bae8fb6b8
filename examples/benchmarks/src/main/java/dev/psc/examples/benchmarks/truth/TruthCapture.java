package dev.psc.examples.benchmarks.truth;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * Profiles of the running JVM, and the rows that compare them with other measurements. Not
 * thread-safe.
 */
public final class TruthCapture implements AutoCloseable {

  /** The promised limit of the CPU total and of other totals by clock, in percent. */
  public static final double CPU_TOTAL = 5;

  /** The promised limit of one thread's CPU, allocations and waits, in percent. */
  public static final double AMOUNT = 10;

  /** The promised limit of cumulative shares, in points. */
  public static final double SHARE = 5;

  /** The expected limit of shares of leaf frames in inlined code, in points; no promise. */
  static final double LEAF = 10;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final PrintStream out;
  private final JvmProfiling profiling;

  TruthCapture(PrintStream out) throws InterruptedException {
    this.out = out;
    profiling =
        JvmProfiling.builder()
            .profiles(JvmProfile.defaults())
            .threadNames(true)
            .receiver(profile -> new Acceptance.Accepted())
            .start();
    while (profiling.status().capture().isEmpty()) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  /** A CPU profile and the clocks of the same window. */
  public record CpuWindow(Profile profile, double processNanos, List<Double> threadNanos) {}

  /** Returns a running total or a profile of the current state. */
  public Profile profile(String path) throws IOException {
    return get(path, Map.of());
  }

  /**
   * Returns the profile of a window around some work. The work starts about a second after the
   * window; it should end a second before it.
   */
  public Profile profile(String path, int seconds, Callable<?> work) throws Exception {
    FutureTask<Profile> requested =
        new FutureTask<>(() -> get(path, Map.of("seconds", Integer.toString(seconds))));
    Thread thread = new Thread(requested, "truth-request");
    thread.setDaemon(true);
    thread.start();
    TimeUnit.SECONDS.sleep(1);
    work.call();
    return await(requested);
  }

  /** Returns a CPU profile next to the clocks of the process and of some threads. */
  public CpuWindow cpu(int seconds, List<Thread> threads) throws Exception {
    List<LongSupplier> clocks = new ArrayList<>();
    clocks.add(PROCESS::getProcessCpuTime);
    threads.forEach(thread -> clocks.add(() -> THREADS.getThreadCpuTime(thread.getId())));
    Window window = window("profile", seconds, clocks);
    List<Double> threadNanos = new ArrayList<>();
    for (int i = 0; i < threads.size(); i++) {
      threadNanos.add(window.rise(1 + i));
    }
    return new CpuWindow(window.profile(), window.rise(0), threadNanos);
  }

  /** A profile and counters that were read during its time. */
  private record Window(Profile profile, Clocks clocks) {

    double rise(int counter) {
      long start = profile.timeNanos();
      return clocks.rise(counter, start, start + profile.durationNanos());
    }
  }

  private Window window(String path, int seconds, List<LongSupplier> counters) throws Exception {
    Clocks clocks = new Clocks(counters);
    clocks.start();
    Profile profile = get(path, Map.of("seconds", Integer.toString(seconds)));
    clocks.stop();
    return new Window(profile, clocks);
  }

  /** Reports a row; see {@link TruthRow} for the limit. */
  public void row(
      String profile, String value, String unit, double truth, double profiled, double limit) {
    out.println(new TruthRow(profile, value, unit, truth, profiled, limit).line());
  }

  /** Reports the total of a CPU profile against the clock of the process. */
  public void cpuTotal(CpuWindow window) {
    row(
        "profile",
        "total",
        "ms",
        window.processNanos() / 1e6,
        window.profile().total(1) / 1e6,
        CPU_TOTAL);
  }

  /**
   * Reports the CPU time of the watched threads, in one row for those whose names differ only in
   * numbers.
   *
   * @param threads the threads of the window, which must still run
   */
  public void cpuOfThreads(CpuWindow window, List<Thread> threads) {
    ofThreads("profile", "ms", 1e6, window.profile(), threads, window.threadNanos());
  }

  /** Reports the bytes that some threads allocate, by thread as {@link #cpuOfThreads}. */
  public void allocations(int seconds, List<Thread> threads) throws Exception {
    amounts(
        "allocs",
        "MB",
        1e6,
        seconds,
        threads,
        thread -> THREADS.getThreadAllocatedBytes(thread.getId()));
  }

  /**
   * Reports how long some threads wait for monitors, by thread as {@link #cpuOfThreads}. Only waits
   * for monitors are compared, not those for other locks, of which the JVM keeps no sum.
   */
  public void monitors(int seconds, List<Thread> threads) throws Exception {
    THREADS.setThreadContentionMonitoringEnabled(true);
    amounts("mutex", "ms", 1e6, seconds, threads, TruthCapture::blockedNanos);
  }

  private static long blockedNanos(Thread thread) {
    ThreadInfo info = THREADS.getThreadInfo(thread.getId());
    return info == null ? 0 : TimeUnit.MILLISECONDS.toNanos(info.getBlockedTime());
  }

  private void amounts(
      String path,
      String unit,
      double divisor,
      int seconds,
      List<Thread> threads,
      ToLongFunction<Thread> counter)
      throws Exception {
    List<LongSupplier> counters = new ArrayList<>();
    threads.forEach(thread -> counters.add(() -> counter.applyAsLong(thread)));
    Window window = window(path, seconds, counters);
    List<Double> truth = new ArrayList<>();
    for (int i = 0; i < threads.size(); i++) {
      truth.add(window.rise(i));
    }
    ofThreads(path, unit, divisor, window.profile(), threads, truth);
  }

  private void ofThreads(
      String path,
      String unit,
      double divisor,
      Profile profile,
      List<Thread> threads,
      List<Double> amounts) {
    Map<String, Double> truth = new TreeMap<>();
    for (int i = 0; i < threads.size(); i++) {
      if (!threads.get(i).isAlive()) {
        throw new IllegalStateException("thread " + threads.get(i).getName() + " has ended");
      }
      truth.merge(poolName(threads.get(i).getName()), amounts.get(i), Double::sum);
    }
    truth.forEach(
        (name, amount) ->
            row(
                path,
                "thread " + name.replace('|', '/'), // a pipe ends a column
                unit,
                amount / divisor,
                sum(profile, 1, sample -> isOf(sample, name)) / divisor,
                AMOUNT));
  }

  /** Returns the name that profiles have for threads whose names differ only in numbers. */
  private static String poolName(String thread) {
    return thread.replaceAll("[0-9]+", "N");
  }

  /** Returns the live threads whose names start with one of some prefixes. */
  public static List<Thread> threads(String... prefixes) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> Stream.of(prefixes).anyMatch(thread.getName()::startsWith))
        .sorted(Comparator.comparing(Thread::getId))
        .toList();
  }

  /**
   * Returns a CPU profile next to the clock of the process, and reports how far the cumulative
   * shares of the 30 functions with most CPU time are from async-profiler's at worst.
   *
   * @param also functions whose shares are reported in separate rows
   */
  public CpuWindow cpuNextToAsyncProfiler(int seconds, List<String> also) throws Exception {
    return cpuNextToAsyncProfiler(seconds, also, List.of());
  }

  /** As {@link #cpuNextToAsyncProfiler(int, List)}, and reads the clocks of some threads. */
  public CpuWindow cpuNextToAsyncProfiler(int seconds, List<String> also, List<Thread> threads)
      throws Exception {
    AsyncProfilerShares.start();
    CpuWindow window = cpu(seconds, threads);
    AsyncProfilerShares truth = AsyncProfilerShares.stop();
    Map<String, Double> shares = javaShares(window.profile());
    String worst = "";
    double worstError = -1;
    for (String function : truth.largest(30)) {
      double error = Math.abs(shares.getOrDefault(function, 0.0) - truth.share(function));
      if (error > worstError) {
        worstError = error;
        worst = function;
      }
    }
    row(
        "profile",
        "worst of 30 shares, " + window.profile().total(0) + " samples: " + worst,
        "%",
        truth.share(worst),
        shares.getOrDefault(worst, 0.0),
        SHARE);
    for (String function : also) {
      double profiled = shares.getOrDefault(function, 0.0);
      row("profile", "share of " + function, "%", truth.share(function), profiled, SHARE);
    }
    return window;
  }

  /** Returns the cumulative shares of functions in the CPU time of Java threads, in percent. */
  private static Map<String, Double> javaShares(Profile profile) {
    Map<String, Double> shares = new HashMap<>();
    double total = 0;
    for (Sample sample : profile.samples()) {
      Set<String> functions = new HashSet<>();
      sample.stack().forEach(frame -> functions.add(frame.function()));
      if (functions.contains("[GC, JIT and VM threads]")
          || functions.contains("[profiler threads]")
          || functions.stream().anyMatch(function -> function.startsWith("[truth"))
          || functions.stream().anyMatch(function -> function.startsWith("jdk.jfr."))) {
        continue;
      }
      long nanos = sample.values().get(1);
      total += nanos;
      functions.forEach(
          function ->
              shares.merge(AsyncProfilerShares.normalized(function), (double) nanos, Double::sum));
    }
    double all = Math.max(1, total);
    shares.replaceAll((function, nanos) -> 100 * nanos / all);
    return shares;
  }

  /** Returns the share of a profile that samples with a function on the stack have, in percent. */
  public static double share(Profile profile, int column, Predicate<String> function) {
    return 100.0
        * sum(
            profile,
            column,
            sample -> sample.stack().stream().anyMatch(frame -> is(frame, function)))
        / Math.max(1, profile.total(column));
  }

  /** Returns the sum of a column of the samples that match. */
  public static long sum(Profile profile, int column, Predicate<Sample> matches) {
    long sum = 0;
    for (Sample sample : profile.samples()) {
      if (matches.test(sample)) {
        sum += sample.values().get(column);
      }
    }
    return sum;
  }

  /** CPU time without a stack has the name of its thread as a frame. */
  private static boolean isOf(Sample sample, String thread) {
    return thread.equals(label(sample, "thread"))
        || sample.stack().stream().anyMatch(frame -> frame.function().equals("[" + thread + "]"));
  }

  private static boolean is(Frame frame, Predicate<String> function) {
    return function.test(frame.function());
  }

  private static String label(Sample sample, String key) {
    for (SampleLabel label : sample.labels()) {
      if (label.key().equals(key)) {
        return label.text();
      }
    }
    return "";
  }

  private Profile get(String path, Map<String, String> query) throws IOException {
    PprofResponse response =
        profiling
            .handler()
            .handle(new PprofRequest("GET", "/debug/pprof/" + path, query, Map.of()));
    if (response.status() != 200) {
      throw new IOException(
          path
              + ": status "
              + response.status()
              + " "
              + new String(response.body(), StandardCharsets.UTF_8));
    }
    try {
      return Profile.parse(response.body());
    } catch (PprofException e) {
      throw new IOException(path + " is not a profile", e);
    }
  }

  private static <T> T await(FutureTask<T> task) throws Exception {
    try {
      return task.get(2, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  @Override
  public void close() {
    profiling.close();
  }
}
