package dev.psc.examples.benchmarks.truth;

import dev.psc.examples.benchmarks.Jdks;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/** Runs each program with each JDK and collector and prints a table in Markdown. */
public final class TruthTable {

  private static final long MINUTES = 5;

  private final List<TruthProgram> programs;
  private final PrintStream out;
  private final PrintStream err;

  public TruthTable(List<TruthProgram> programs, PrintStream out, PrintStream err) {
    this.programs = List.copyOf(programs);
    this.out = out;
    this.err = err;
  }

  /** Returns every registered program, in the order of registration. */
  public static List<TruthProgram> registered() {
    List<TruthProgram> all = new ArrayList<>();
    ServiceLoader.load(TruthProgram.class).forEach(all::add);
    return all;
  }

  /**
   * Runs {@code [--list] [--only=program,…] [--jdks=home,…] [--gc=G1,…]}. Without {@code --jdks},
   * the newest JDK of each feature release is used that is installed in the same directory as the
   * running one.
   *
   * @return 0 if every row is within its limit, 1 if not or if a program failed, 2 for invalid
   *     arguments
   */
  public int run(List<String> arguments) {
    Set<String> only = new TreeSet<>();
    Set<String> collectors = new TreeSet<>();
    List<Path> jdks = new ArrayList<>();
    boolean list = false;
    for (String argument : arguments) {
      String[] values = argument.substring(argument.indexOf('=') + 1).split(",", -1);
      if (argument.equals("--list")) {
        list = true;
      } else if (argument.startsWith("--only=")) {
        only.addAll(List.of(values));
      } else if (argument.startsWith("--gc=")) {
        collectors.addAll(List.of(values));
      } else if (argument.startsWith("--jdks=")) {
        List.of(values).forEach(value -> jdks.add(Path.of(value)));
      } else {
        err.println("unknown argument " + argument + ": use --list, --only=, --jdks= or --gc=");
        return 2;
      }
    }
    Set<String> unknown = new TreeSet<>(only);
    programs.forEach(program -> unknown.remove(program.name()));
    if (!unknown.isEmpty()) {
      err.println("unknown program " + String.join(", ", unknown) + "; --list prints all names");
      return 2;
    }
    if (list) {
      programs.forEach(program -> out.println(program.name()));
      return 0;
    }
    return table(only, jdks.isEmpty() ? Jdks.installed() : jdks, collectors) ? 0 : 1;
  }

  private boolean table(Set<String> only, List<Path> jdks, Set<String> collectors) {
    out.printf(
        Locale.ROOT,
        "%s, %d processors, load %.1f%n%n",
        LocalDate.now(java.time.ZoneOffset.UTC),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    out.println(
        "| program | JDK | GC | threads | profile | value | truth | profiled | error | limit |"
            + " within |");
    out.println("|---|---|---|---|---|---|---|---|---|---|---|");
    boolean within = true;
    for (TruthProgram program : programs) {
      if (!only.isEmpty() && !only.contains(program.name())) {
        continue;
      }
      for (Path jdk : jdks) {
        if (Jdks.feature(jdk) < program.firstJdk()) {
          continue;
        }
        for (String collector : program.collectors()) {
          if (collectors.isEmpty() || collectors.contains(collector)) {
            within &= rows(program, jdk, collector);
          }
        }
      }
    }
    return within;
  }

  private boolean rows(TruthProgram program, Path jdk, String collector) {
    String start =
        String.format(
            Locale.ROOT,
            "| %s | %d | %s | %s | ",
            program.name(),
            Jdks.feature(jdk),
            collector,
            program.threads());
    boolean within = true;
    try {
      for (TruthRow row : run(program, jdk, collector)) {
        out.println(start + row.markdown());
        within &= row.isWithinLimit();
      }
    } catch (IOException e) {
      // One program that cannot be measured must not hide the others.
      out.println(start + "| not measured | | | | | |");
      err.println(program.name() + " with " + jdk + ": " + e.getMessage());
      within = false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      within = false;
    }
    out.flush();
    return within;
  }

  private static String classPath(TruthProgram program) throws IOException {
    String own = System.getProperty("java.class.path");
    if (!program.inOtherJars()) {
      return own;
    }
    Path programs = Path.of(own).toAbsolutePath().resolveSibling("programs");
    if (!Files.isDirectory(programs)) {
      throw new IOException(
          "the program's jars are missing: " + programs + "; mvn package copies them there");
    }
    return own + File.pathSeparator + programs.resolve("*");
  }

  private List<TruthRow> run(TruthProgram program, Path jdk, String collector)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(jdk.resolve("bin").resolve("java").toString());
    command.add("-XX:+Use" + collector + "GC");
    command.add("-Xmx512m");
    command.addAll(program.vmOptions());
    command.add("-cp");
    command.add(classPath(program));
    command.add(TruthChild.class.getName());
    command.add(program.getClass().getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    Thread killer = new Thread(process::destroyForcibly);
    Runtime.getRuntime().addShutdownHook(killer);
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    Runtime.getRuntime().removeShutdownHook(killer);
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new IOException("still running after " + MINUTES + " minutes: " + printed);
    }
    if (process.exitValue() != 0) {
      throw new IOException("exit status " + process.exitValue() + ": " + printed);
    }
    List<TruthRow> rows = new ArrayList<>();
    for (String line : printed.lines().toList()) {
      TruthRow row = TruthRow.parse(line);
      if (row != null) {
        rows.add(row);
      } else if (!line.isBlank()) {
        err.println(program.name() + ": " + line);
      }
    }
    if (rows.isEmpty()) {
      throw new IOException("no rows: " + printed);
    }
    return rows;
  }
}
