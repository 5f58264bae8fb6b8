package dev.psc.examples.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** The cost of trace ids on samples. */
final class TraceRatios {

  private TraceRatios() {}

  /** Runs work in a separate JVM and returns the medians of the values it printed, by name. */
  private static Values run(String mode) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(TraceWork.class.getName());
    command.add(mode);
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
    Map<String, Double> medians = new TreeMap<>();
    values.forEach(
        (name, all) ->
            medians.put(
                name, Stopwatch.median(all.stream().mapToDouble(Double::doubleValue).toArray())));
    return new Values(medians);
  }

  /** The values that the work printed. */
  private record Values(Map<String, Double> byName) {

    double get(String name) {
      Double value = byName.get(name);
      if (value == null) {
        throw new IllegalStateException("the work printed no " + name);
      }
      return value;
    }
  }

  private static Measurement attach(String mode, double budgetNanos) throws Exception {
    Values with = run(mode);
    Values without = run(TraceWork.PLAIN);
    double more = with.get("nanos") - without.get("nanos");
    return new Measurement.Measured(
        Math.max(0, more) / budgetNanos,
        String.format(
            Locale.ROOT,
            "%.1f ns per attach or detach, %.1f ns without the hook; %.0f bytes allocated per"
                + " attach, %.0f without; the budget is %.0f ns more and no byte more",
            with.get("nanos"),
            without.get("nanos"),
            with.get("bytes"),
            without.get("bytes"),
            budgetNanos));
  }

  /** An attach or detach while capturing, compared with the budget of 50 ns. */
  public static final class Attach implements Ratio {

    @Override
    public String name() {
      return "trace-attach-of-50-ns";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      return attach(TraceWork.CAPTURE, 50);
    }
  }

  /** An attach or detach without a capture, compared with the budget of 5 ns. */
  public static final class IdleAttach implements Ratio {

    @Override
    public String name() {
      return "trace-idle-attach-of-5-ns";
    }

    @Override
    public double goal() {
      return 1;
    }

    @Override
    public Measurement measure() throws Exception {
      return attach(TraceWork.IDLE, 5);
    }
  }

  /** The CPU time of a profiled service with 20,000 spans per second, with ids and without. */
  public static final class Service implements Ratio {

    @Override
    public String name() {
      return "trace-service-with-ids";
    }

    @Override
    public double goal() {
      return 1.02;
    }

    @Override
    public Measurement measure() throws Exception {
      Values values = run(TraceWork.SERVICE);
      return new Measurement.Measured(
          values.get("on") / values.get("off"),
          String.format(
              Locale.ROOT,
              "CPU ms of the process in 4 s at %.0f spans per second: %.0f with ids, %.0f without,"
                  + " medians of 7 rounds in turns",
              values.get("rate"),
              values.get("on"),
              values.get("off")));
    }
  }
}
