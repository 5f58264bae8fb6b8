package dev.psc.examples.benchmarks.overhead;

import dev.psc.examples.benchmarks.Jdks;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Runs an application without a profiler and with several, all at the same time, and prints what
 * each adds. In parallel, all of them have the same neighbours; what one run differs by is shown as
 * the standard error of some rounds.
 */
public final class OverheadTable {

  private static final long MINUTES = 15;
  private static final List<String> KINDS = List.of("busy", "short", "paced", "idle");

  /** One run: seconds of CPU time in all and in its second half, whose length is the wall time. */
  private record Sample(double cpu, double steady, double wall, double resident, double threads) {}

  private final PrintStream out;
  private final PrintStream err;
  private int rounds = 5;
  private Duration budget = Duration.ofDays(1);
  private int scale = 100;
  private Path agent = Path.of("core/agent/target/psc-jvm-agent.jar");
  private List<Path> jdks = Jdks.installed();
  private List<String> only = KINDS;
  private List<String> heaps = List.of();
  private List<String> profilers = List.of();
  private String options = "";

  public OverheadTable(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs {@code [--rounds=5] [--minutes=1440] [--scale=100] [--agent=JAR] [--agent-options=…]
   * [--jdks=home,…] [--only=program,…] [--heap=size,…] [--profilers=name,…]}; a scale of 100
   * percent takes about an hour per JDK. No round begins that would probably end after the minutes,
   * which are those of one program. Without {@code --jdks}, all that {@link Jdks} finds are used.
   *
   * @return 0; 2 for invalid arguments
   */
  public int run(List<String> arguments) throws Exception {
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      switch (argument.replaceAll("=.*", "")) {
        case "--rounds" -> rounds = Integer.parseInt(value);
        case "--minutes" -> budget = Duration.ofSeconds(Math.round(60 * Double.parseDouble(value)));
        case "--scale" -> scale = Integer.parseInt(value);
        case "--agent" -> agent = Path.of(value);
        case "--agent-options" -> options = "," + value;
        case "--jdks" -> jdks = list(value).stream().map(Path::of).toList();
        case "--only" -> only = list(value);
        case "--heap" -> heaps = list(value);
        case "--profilers" -> profilers = list(value);
        default -> {
          err.println(
              "unknown argument "
                  + argument
                  + ": use --rounds, --minutes, --scale, --agent, --agent-options, --jdks, --only, --heap or"
                  + " --profilers");
          return 2;
        }
      }
    }
    if (!KINDS.containsAll(only)) {
      err.println("unknown program in --only=" + String.join(",", only) + ": use " + KINDS);
      return 2;
    }
    if (!Files.exists(agent)) {
      err.println(agent + " does not exist: build core/agent, or use --agent");
      return 2;
    }
    out.printf(
        Locale.ROOT,
        "%s, %d processors, load %.1f, %d rounds%n%n",
        LocalDate.now(ZoneOffset.UTC),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        rounds);
    out.println(
        "| program | JDK | profiler | CPU added, whole run | error | CPU added, second half | error"
            + " | RSS added | threads added | goals |");
    out.println("|---|---|---|---|---|---|---|---|---|---|");
    for (Path jdk : jdks) {
      for (String kind : only) {
        for (String heap : heaps.isEmpty() ? OverheadProgram.heaps(kind) : heaps) {
          measure(jdk, OverheadProgram.of(kind, heap, scale));
        }
      }
    }
    return 0;
  }

  private static List<String> list(String value) {
    return List.of(value.split(",", -1));
  }

  private void measure(Path jdk, OverheadProgram program) throws Exception {
    Path directory = Files.createTempDirectory("psc-overhead");
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    try (OverheadProfilers all = new OverheadProfilers(directory, agent, options)) {
      Map<String, List<String>> compared =
          all.arguments(
              jdk,
              name ->
                  profilers.isEmpty()
                      || profilers.contains(name)
                      || name.equals(OverheadProfilers.NONE));
      long start = System.nanoTime();
      long longest = 0;
      for (int round = 0; round < rounds; round++) {
        long begin = System.nanoTime();
        if (begin - start + longest > budget.toNanos()) {
          break;
        }
        Map<String, Process> running = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> profiler : compared.entrySet()) {
          running.put(
              profiler.getKey(),
              start(jdk, program, profiler, directory.resolve(profiler.getKey() + ".log")));
        }
        for (Map.Entry<String, Process> one : running.entrySet()) {
          samples
              .computeIfAbsent(one.getKey(), name -> new ArrayList<>())
              .add(sample(one.getValue(), directory.resolve(one.getKey() + ".log")));
        }
        longest = Math.max(longest, System.nanoTime() - begin);
      }
      check(compared, "pushed", all.storedProfiles());
      check(compared, "pushed-otlp-http", all.otlpRequests());
    }
    List<Sample> without = samples.getOrDefault(OverheadProfilers.NONE, List.of());
    for (Map.Entry<String, List<Sample>> profiler : samples.entrySet()) {
      row(jdk, program, profiler.getKey(), without, profiler.getValue());
    }
    out.flush();
  }

  /** A profiler that does not deliver costs little. */
  private void check(Map<String, List<String>> compared, String profiler, long arrived) {
    if (compared.containsKey(profiler) && arrived == 0) {
      err.println("no profile of " + profiler + " arrived: what it costs is not complete");
    }
  }

  private static Process start(
      Path jdk, OverheadProgram program, Map.Entry<String, List<String>> profiler, Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add("-Xmx" + program.heap());
    command.add("-XX:+UseG1GC");
    command.addAll(profiler.getValue());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(OverheadChild.class.getName());
    command.addAll(program.arguments());
    command.addAll(OverheadProfilers.childArguments(profiler.getKey()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static Sample sample(Process process, Path log) throws Exception {
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException("still running after " + MINUTES + " minutes");
    }
    Map<String, Double> values = new TreeMap<>();
    for (String line : Files.readString(log, StandardCharsets.UTF_8).lines().toList()) {
      String[] parts = line.split(" ", -1);
      if (parts.length == 2 && parts[1].matches("[0-9.]+(E-?\\d+)?")) {
        values.put(parts[0], Double.parseDouble(parts[1]));
      }
    }
    if (process.exitValue() != 0 || values.size() < 5) {
      throw new IOException("the program failed: " + Files.readString(log));
    }
    return new Sample(
        values.getOrDefault("cpu", 0.0),
        values.getOrDefault("steady", 0.0),
        values.getOrDefault("wall", 0.0),
        values.getOrDefault("resident", 0.0),
        values.getOrDefault("threads", 0.0));
  }

  /** Prints the difference to the program without a profiler, of each round on its own. */
  private void row(
      Path jdk, OverheadProgram program, String profiler, List<Sample> without, List<Sample> with) {
    int count = with.size();
    double[] seconds = new double[count];
    double[] percent = new double[count];
    double[] steady = new double[count];
    double[] resident = new double[count];
    double[] threads = new double[count];
    for (int i = 0; i < count; i++) {
      Sample off = without.get(i);
      Sample on = with.get(i);
      seconds[i] = on.cpu - off.cpu;
      percent[i] = 100 * (on.cpu / off.cpu - 1);
      steady[i] =
          program.isOfCore()
              ? 100 * (on.steady / on.wall - off.steady / off.wall)
              : 100 * (on.steady / off.steady - 1);
      resident[i] = (on.resident - off.resident) / 1_024;
      threads[i] = on.threads - off.threads;
    }
    String unit = program.isOfCore() ? "% of a core" : "%";
    if (profiler.equals(OverheadProfilers.NONE)) {
      double[] cpu = with.stream().mapToDouble(Sample::cpu).toArray();
      double[] half = with.stream().mapToDouble(Sample::steady).toArray();
      out.printf(
          Locale.ROOT,
          "| %s, %s | %d | %s, %d rounds | (%.1f s) | | (%.1f s) | | (%.0f MiB) | (%.0f) | |%n",
          program.kind(),
          program.heap(),
          Jdks.feature(jdk),
          profiler,
          count,
          mean(cpu),
          mean(half),
          mean(with.stream().mapToDouble(sample -> sample.resident / 1_024).toArray()),
          mean(with.stream().mapToDouble(Sample::threads).toArray()));
      return;
    }
    String whole =
        program.isOfCore()
            ? String.format(Locale.ROOT, "%.2f s | %.2f", mean(seconds), error(seconds))
            : String.format(
                Locale.ROOT,
                "%.1f %% (%.1f s) | %.2f",
                mean(percent),
                mean(seconds),
                error(percent));
    out.printf(
        Locale.ROOT,
        "| %s, %s | %d | %s | %s | %.2f %s | %.2f | %.0f MiB | %.0f | %s |%n",
        program.kind(),
        program.heap(),
        Jdks.feature(jdk),
        profiler,
        whole,
        mean(steady),
        unit,
        error(steady),
        mean(resident),
        mean(threads),
        OverheadGoals.check(
            program,
            profiler,
            mean(steady),
            error(steady),
            mean(seconds),
            mean(resident),
            mean(threads)));
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  /** Returns the standard error of the mean. */
  private static double error(double[] values) {
    double mean = mean(values);
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length);
  }
}
