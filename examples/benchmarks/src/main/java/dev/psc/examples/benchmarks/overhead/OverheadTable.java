package dev.psc.examples.benchmarks.overhead;

import dev.psc.examples.benchmarks.Jdks;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
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

  private static final String NONE = "none";
  private static final long MINUTES = 15;

  /**
   * A program.
   *
   * @param name the name
   * @param arguments the arguments of {@link OverheadChild}
   * @param heap its maximum heap
   * @param ofCore whether CPU time is shown as a share of a core, not of the program's own
   */
  private record Program(String name, List<String> arguments, String heap, boolean ofCore) {}

  private record Sample(double cpu, double wall, double resident, double threads) {}

  private final PrintStream out;
  private final PrintStream err;
  private int rounds = 5;
  private int scale = 100;
  private Path agent = Path.of("core/agent/target/psc-jvm-agent.jar");
  private List<Path> jdks = Jdks.installed();
  private List<String> only = List.of();
  private String options = "";

  public OverheadTable(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs {@code [--rounds=5] [--scale=100] [--agent=JAR] [--agent-options=…] [--jdks=home,…]
   * [--only=program,…]}; a scale of 100 percent takes about half an hour per JDK. Without {@code
   * --jdks}, all that {@link Jdks} finds are used.
   *
   * @return 0; 2 for invalid arguments
   */
  public int run(List<String> arguments) throws Exception {
    for (String argument : arguments) {
      String value = argument.substring(argument.indexOf('=') + 1);
      switch (argument.replaceAll("=.*", "")) {
        case "--rounds" -> rounds = Integer.parseInt(value);
        case "--scale" -> scale = Integer.parseInt(value);
        case "--agent" -> agent = Path.of(value);
        case "--agent-options" -> options = "," + value;
        case "--jdks" -> jdks = List.of(value.split(",", -1)).stream().map(Path::of).toList();
        case "--only" -> only = List.of(value.split(",", -1));
        default -> {
          err.println(
              "unknown argument "
                  + argument
                  + ": use --rounds, --scale, --agent, --agent-options, --jdks or --only");
          return 2;
        }
      }
    }
    if (!Files.exists(agent)) {
      err.println(agent + " does not exist: build core/agent, or use --agent");
      return 2;
    }
    out.printf(
        Locale.ROOT,
        "%s, %d processors, load %.1f, %d rounds%n%n",
        LocalDate.now(java.time.ZoneOffset.UTC),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        rounds);
    out.println("| program | JDK | profiler | CPU added | error | RSS added | threads added |");
    out.println("|---|---|---|---|---|---|---|");
    for (Path jdk : jdks) {
      for (Program program : programs()) {
        if (only.isEmpty() || only.contains(program.name)) {
          measure(jdk, program);
        }
      }
    }
    return 0;
  }

  private List<Program> programs() {
    return List.of(
        new Program("busy-250m", busy(15_000), "-Xmx250m", false),
        new Program("busy-1g", busy(15_000), "-Xmx1g", false),
        new Program("short", busy(1_500), "-Xmx250m", false),
        new Program("paced", List.of("paced", seconds(40)), "-Xmx200m", true),
        new Program("idle", List.of("idle", seconds(30)), "-Xmx200m", true));
  }

  private List<String> busy(int units) {
    return List.of("busy", Integer.toString(units * scale / 100));
  }

  private String seconds(int seconds) {
    return Integer.toString(Math.max(2, seconds * scale / 100));
  }

  private void measure(Path jdk, Program program) throws Exception {
    Path directory = Files.createTempDirectory("psc-overhead");
    Map<String, List<Sample>> samples = new LinkedHashMap<>();
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      Files.writeString(directory.resolve("token"), store.token().reveal());
      Map<String, List<String>> profilers = profilers(jdk, store, directory);
      for (int round = 0; round < rounds; round++) {
        Map<String, Process> running = new LinkedHashMap<>();
        for (Map.Entry<String, List<String>> profiler : profilers.entrySet()) {
          running.put(
              profiler.getKey(),
              start(jdk, program, profiler, directory.resolve(profiler.getKey() + ".log")));
        }
        for (Map.Entry<String, Process> one : running.entrySet()) {
          samples
              .computeIfAbsent(one.getKey(), name -> new ArrayList<>())
              .add(sample(one.getValue(), directory.resolve(one.getKey() + ".log")));
        }
      }
    }
    List<Sample> without = samples.getOrDefault(NONE, List.of());
    for (Map.Entry<String, List<Sample>> profiler : samples.entrySet()) {
      row(jdk, program, profiler.getKey(), without, profiler.getValue());
    }
    out.flush();
  }

  private Map<String, List<String>> profilers(Path jdk, EmbeddedProfileStore store, Path directory)
      throws IOException {
    Map<String, List<String>> profilers = new LinkedHashMap<>();
    profilers.put(NONE, List.of());
    profilers.put("recorder", List.of());
    profilers.put(
        "served", List.of("-javaagent:" + agent + "=pprof-address=127.0.0.1:0" + options));
    String pushed =
        "-javaagent:"
            + agent
            + "=store-address="
            + store.address()
            + ",insecure=true,bearer-token-file="
            + directory.resolve("token")
            + ",project-id="
            + store.project().value()
            + options;
    profilers.put("pushed", List.of(pushed));
    profilers.put("pushed-async-profiler", List.of(pushed + ",engine=async-profiler"));
    Path library = directory.resolve("libasyncProfiler.so");
    try (InputStream in =
        OverheadTable.class.getResourceAsStream("/linux-x64/libasyncProfiler.so")) {
      if (in == null) {
        err.println("async-profiler is left out: the jar has no library for this platform");
        return profilers;
      }
      Files.copy(in, library);
    }
    profilers.put(
        "async-profiler",
        List.of(
            "-agentpath:"
                + library
                + "=start,event=ctimer,interval=10ms,alloc=512k,lock=1ms,jfr,file="
                + directory.resolve("profile.jfr")
                + (Jdks.feature(jdk) >= 25 ? ",signal=36" : "")));
    return profilers;
  }

  private static Process start(
      Path jdk, Program program, Map.Entry<String, List<String>> profiler, Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add(program.heap);
    command.add("-XX:+UseG1GC");
    command.addAll(profiler.getValue());
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(OverheadChild.class.getName());
    command.addAll(program.arguments);
    if (profiler.getKey().equals("recorder")) {
      command.add("recorder");
    }
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
    if (process.exitValue() != 0 || values.size() < 4) {
      throw new IOException("the program failed: " + Files.readString(log));
    }
    return new Sample(
        values.getOrDefault("cpu", 0.0),
        values.getOrDefault("wall", 0.0),
        values.getOrDefault("resident", 0.0),
        values.getOrDefault("threads", 0.0));
  }

  /** Prints the difference to the program without a profiler, of each round on its own. */
  private void row(
      Path jdk, Program program, String profiler, List<Sample> without, List<Sample> with)
      throws IOException {
    double[] cpu = new double[with.size()];
    double[] seconds = new double[with.size()];
    double[] resident = new double[with.size()];
    double[] threads = new double[with.size()];
    for (int i = 0; i < cpu.length; i++) {
      Sample off = without.get(i);
      Sample on = with.get(i);
      cpu[i] =
          program.ofCore
              ? 100 * (on.cpu / on.wall - off.cpu / off.wall)
              : 100 * (on.cpu / off.cpu - 1);
      seconds[i] = on.cpu - off.cpu;
      resident[i] = (on.resident - off.resident) / 1_024;
      threads[i] = on.threads - off.threads;
    }
    boolean baseline = profiler.equals(NONE);
    out.printf(
        Locale.ROOT,
        "| %s | %d | %s | %s | %.2f | %.0f MiB | %.0f |%n",
        program.name,
        Jdks.feature(jdk),
        profiler,
        baseline
            ? String.format(
                Locale.ROOT,
                "(%.1f s of CPU)",
                mean(with.stream().mapToDouble(Sample::cpu).toArray()))
            : added(program, mean(cpu), mean(seconds)),
        error(cpu),
        baseline
            ? mean(with.stream().mapToDouble(sample -> sample.resident / 1_024).toArray())
            : mean(resident),
        baseline ? mean(with.stream().mapToDouble(Sample::threads).toArray()) : mean(threads));
  }

  private static String added(Program program, double percent, double seconds) {
    return program.ofCore
        ? String.format(Locale.ROOT, "%.2f %% of a core", percent)
        : String.format(Locale.ROOT, "%.1f %% (%.1f s)", percent, seconds);
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
