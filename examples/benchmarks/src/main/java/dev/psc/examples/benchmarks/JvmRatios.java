package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.Measurement.Measured;
import dev.psc.examples.benchmarks.Measurement.Skipped;
import dev.psc.jvm.JfrFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import jdk.jfr.consumer.RecordingFile;

/** The cost of profiling the running JVM, and the accuracy of its CPU profile. */
final class JvmRatios {

  private JvmRatios() {}

  /** Runs work in a separate JVM and returns the values it printed, by name. */
  private static Values run(String... arguments) throws Exception {
    return run(List.of(), arguments);
  }

  private static Values run(List<String> options, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.addAll(options);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(JvmWork.class.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(10, TimeUnit.MINUTES) || process.exitValue() != 0) {
      throw new IOException("the work failed: " + printed);
    }
    Map<String, List<Double>> values = new TreeMap<>();
    for (String line : printed.lines().toList()) {
      String[] parts = line.split(" ", -1);
      if (parts.length == 2 && parts[1].matches("-?[0-9.]+(E-?\\d+)?")) {
        values
            .computeIfAbsent(parts[0], name -> new ArrayList<>())
            .add(Double.parseDouble(parts[1]));
      }
    }
    return new Values(values);
  }

  /** The values that the work printed. */
  private record Values(Map<String, List<Double>> byName) {

    List<Double> all(String name) {
      List<Double> values = byName.get(name);
      if (values == null) {
        throw new IllegalStateException("the work printed no " + name + ": " + byName.keySet());
      }
      return values;
    }

    double median(String name) {
      return JvmRatios.median(all(name));
    }
  }

  private static double median(List<Double> values) {
    return Stopwatch.median(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  private static String spread(List<Double> values) {
    return String.format(
        Locale.ROOT,
        "%.0f (%.0f to %.0f)",
        median(values),
        values.stream().mapToDouble(Double::doubleValue).min().orElse(0),
        values.stream().mapToDouble(Double::doubleValue).max().orElse(0));
  }

  private static final int ROUNDS = 20;

  /** The path of async-profiler's jar, for the comparison. */
  private static final String ASYNC_PROFILER = System.getProperty("async.profiler", "");

  /** The ratio of each round, which measures both sides twice. */
  private static double[] rounds(Values values) {
    List<Double> on = values.all("on");
    List<Double> off = values.all("off");
    double[] ratios = new double[off.size() / 2];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = (on.get(2 * i) + on.get(2 * i + 1)) / (off.get(2 * i) + off.get(2 * i + 1));
    }
    return ratios;
  }

  private static String described(String profiler, Values values) {
    double[] ratios = rounds(values);
    Arrays.sort(ratios);
    return String.format(
        Locale.ROOT,
        "%s: CPU ms of the process with %s, without %s, %d rounds in turns, median of their ratios"
            + " %.4f, half of them from %.4f to %.4f, standard error of the median %.4f",
        profiler,
        spread(values.all("on")),
        spread(values.all("off")),
        ratios.length,
        Stopwatch.median(ratios),
        ratios[ratios.length / 4],
        ratios[ratios.length * 3 / 4],
        standardError(ratios));
  }

  /** Returns the standard error of the median, from the middle half, as outliers are common. */
  private static double standardError(double[] ratios) {
    double middleHalf = ratios[ratios.length * 3 / 4] - ratios[ratios.length / 4];
    return 1.253 * middleHalf / 1.349 / Math.sqrt(ratios.length);
  }

  private static Measurement overhead(String work) throws Exception {
    Values values = run(work, Integer.toString(ROUNDS), "");
    return new Measured(Stopwatch.median(rounds(values)), described("ours", values));
  }

  private static Measurement besideAsyncProfiler(String work) throws Exception {
    if (ASYNC_PROFILER.isEmpty()) {
      return new Skipped("not measured: give its jar, java -Dasync.profiler=PATH -jar …");
    }
    Values ours = run(work, Integer.toString(ROUNDS), JvmWork.RESTARTED);
    Values theirs = run(work, Integer.toString(ROUNDS), ASYNC_PROFILER);
    return new Measured(
        Stopwatch.median(rounds(ours)) / Stopwatch.median(rounds(theirs)),
        described("ours", ours) + "; " + described("async-profiler", theirs));
  }

  /** The CPU time of work with our default profiles, compared with a reference. */
  abstract static class Overhead implements Ratio {
    private final String name;
    private final String work;
    private final boolean besideAsyncProfiler;

    Overhead(String name, String work, boolean besideAsyncProfiler) {
      this.name = name;
      this.work = work;
      this.besideAsyncProfiler = besideAsyncProfiler;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public double goal() {
      return 1.01;
    }

    @Override
    public Measurement measure() throws Exception {
      return besideAsyncProfiler ? besideAsyncProfiler(work) : overhead(work);
    }
  }

  /** A compiler, compared with no profiling. */
  public static final class CompilerOverhead extends Overhead {
    /** Called by {@link java.util.ServiceLoader}. */
    public CompilerOverhead() {
      super("jvm-overhead-javac", "compile", false);
    }
  }

  /** A small HTTP service under load, compared with no profiling. */
  public static final class ServiceOverhead extends Overhead {
    /** Called by {@link java.util.ServiceLoader}. */
    public ServiceOverhead() {
      super("jvm-overhead-http", "http", false);
    }
  }

  /** A compiler, compared with async-profiler. */
  public static final class CompilerBesideAsyncProfiler extends Overhead {
    /** Called by {@link java.util.ServiceLoader}. */
    public CompilerBesideAsyncProfiler() {
      super("jvm-overhead-javac-vs-async-profiler", "compile", true);
    }
  }

  /** A small HTTP service under load, compared with async-profiler. */
  public static final class ServiceBesideAsyncProfiler extends Overhead {
    /** Called by {@link java.util.ServiceLoader}. */
    public ServiceBesideAsyncProfiler() {
      super("jvm-overhead-http-vs-async-profiler", "http", true);
    }
  }

  /** The retained heap of a capture, compared with 32 MB. */
  public static final class RetainedHeap implements Ratio {
    @Override
    public String name() {
      return "jvm-heap-retained-of-32-mb";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      double without = run("heap", "off").median("used");
      List<Double> retained = new ArrayList<>();
      double stacks = 0;
      for (int i = 0; i < 3; i++) {
        Values values = run("heap", "on");
        retained.add((values.median("used") - without) / (1 << 20));
        stacks = Math.max(stacks, values.median("stacks"));
      }
      return new Measured(
          median(retained) / 32,
          String.format(
              Locale.ROOT,
              "MB after 45 s of javac: %s more than without, up to %.0f stacks, 3 JVMs",
              spread(retained),
              stacks));
    }
  }

  /** The CPU time of the threads of the profiler and the flight recorder. */
  public static final class OwnThreads implements Ratio {
    @Override
    public String name() {
      return "jvm-own-threads-of-a-core";
    }

    @Override
    public double goal() {
      return 0.005;
    }

    @Override
    public Measurement measure() throws Exception {
      Values values = run("own");
      double wall = values.median("wall");
      return new Measured(
          values.median("own") / wall,
          String.format(
              Locale.ROOT,
              "%.0f ms of CPU in %.0f s, %.0f events per second",
              values.median("own") / 1e6,
              wall / 1e9,
              values.median("events") / (wall / 1e9)));
    }
  }

  /** The largest deviation of the CPU profile's total from the CPU clock of the process. */
  public static final class CpuTotal implements Ratio {
    @Override
    public String name() {
      return "jvm-cpu-total-off-by";
    }

    @Override
    public double goal() {
      return 0.05;
    }

    @Override
    public Measurement measure() throws Exception {
      double worst = 0;
      StringBuilder detail = new StringBuilder("profile / clock:");
      for (String[] load :
          new String[][] {
            {"busy", "1"}, {"busy", "2"}, {"busy", "8"}, {"busy", "20"}, {"native"}
          }) {
        Values values = run(load);
        double ratio = values.median("profile") / values.median("truth");
        worst = Math.max(worst, Math.abs(ratio - 1));
        detail
            .append(' ')
            .append(load.length > 1 ? load[1] + " threads" : "half in native code")
            .append(String.format(Locale.ROOT, " %.3f,", ratio));
      }
      return new Measured(worst, detail.substring(0, detail.length() - 1));
    }
  }

  /** The CPU time of starting on the main thread of the application, compared with 20 ms. */
  public static final class StartUp implements Ratio {
    @Override
    public String name() {
      return "jvm-start-of-20-ms";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      return inTheFirstMoments("start", 20);
    }
  }

  /** The time of stopping, compared with 2 s. */
  public static final class Stop implements Ratio {
    @Override
    public String name() {
      return "jvm-stop-of-2-s";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      return inTheFirstMoments("stop", 2_000);
    }
  }

  /** The time from the end of the first interval to its profile in the store, compared with 2 s. */
  public static final class FirstProfile implements Ratio {
    @Override
    public String name() {
      return "jvm-first-profile-of-2-s";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      List<Double> all = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        all.addAll(run("first").all("after"));
      }
      return new Measured(
          median(all) / 2_000, "ms after an interval of 5 s: " + spread(all) + ", 5 JVMs");
    }
  }

  private static Measurement inTheFirstMoments(String what, double goalMillis) throws Exception {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      all.addAll(run("start").all(what));
    }
    return new Measured(median(all) / goalMillis, what + " ms: " + spread(all) + ", 7 JVMs");
  }

  /** Converting a recording of deep and varied stacks, compared with reading it with the JDK. */
  public static final class Conversion implements Ratio {
    @Override
    public String name() {
      return "jfr-to-pprof-vs-jdk-reader";
    }

    @Override
    public double goal() {
      return 1.3;
    }

    @Override
    public Measurement measure() throws Exception {
      Path file = Files.createTempFile("psc-benchmark", ".jfr");
      try {
        // Small buffers, since an allocation is sampled when a buffer is full.
        run(List.of("-XX:TLABSize=32k", "-XX:-ResizeTLAB"), "record", file.toString());
        long events = read(file);
        Stopwatch.Comparison comparison =
            Stopwatch.compare(() -> JfrFiles.convert(file), () -> read(file));
        return new Measured(
            comparison.ratio(),
            comparison.describe("convert and encode", "JDK's reader alone")
                + ", "
                + events
                + " events");
      } finally {
        Files.delete(file);
      }
    }

    private static long read(Path file) throws IOException {
      long events = 0;
      try (RecordingFile recording = new RecordingFile(file)) {
        while (recording.hasMoreEvents()) {
          recording.readEvent();
          events++;
        }
      }
      return events;
    }
  }
}
