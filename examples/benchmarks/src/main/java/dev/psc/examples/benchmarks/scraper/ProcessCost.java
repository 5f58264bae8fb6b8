package dev.psc.examples.benchmarks.scraper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The CPU time and memory of another process, from Linux' {@code /proc}, by group of threads. The
 * groups are those of a JVM; all threads of another program are in the group {@link #REST}. Not
 * thread-safe.
 */
final class ProcessCost {

  static final String REST = "rest";

  /** The length of a thread's name in the kernel. */
  private static final int NAME_CHARS = 15;

  private static final double TICKS_PER_SECOND = 100;

  private static final int USER_TIME = 11;

  /** Groups by the beginning of a thread's name; the first match counts. */
  private static final Map<String, String> GROUPS = groups();

  private final Path directory;
  private final Map<String, Double> secondsByThread = new HashMap<>();
  private final Map<String, String> groupByThread = new HashMap<>();

  ProcessCost(long pid) {
    directory = Path.of("/proc", Long.toString(pid));
  }

  private static Map<String, String> groups() {
    Map<String, String> groups = new java.util.LinkedHashMap<>();
    for (String name : new String[] {"C1 CompilerThread", "C2 CompilerThread", "Sweeper thread"}) {
      groups.put(name, "jit");
    }
    // The serial collector works in the VM thread.
    for (String name : new String[] {"GC Thread", "G1 ", "VM Thread"}) {
      groups.put(name, "gc");
    }
    groups.put("psc-scrape-http", "http");
    groups.put("HttpClient-", "http");
    groups.put("psc-scrape-worker", "workers");
    for (String name : new String[] {"psc-delivery", "grpc-"}) {
      groups.put(name, "sending");
    }
    return groups;
  }

  /** Returns the group of a thread by its name, which the kernel has cut. */
  static String group(String name) {
    for (Map.Entry<String, String> group : GROUPS.entrySet()) {
      String beginning = group.getKey();
      if (name.startsWith(beginning.substring(0, Math.min(NAME_CHARS, beginning.length())))) {
        return group.getValue();
      }
    }
    return REST;
  }

  /** Reads the threads. What a thread used after the last reading before its end is in the rest. */
  void sample() throws IOException {
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(directory.resolve("task"))) {
      for (Path thread : threads) {
        try {
          String stat = Files.readString(thread.resolve("stat"), StandardCharsets.ISO_8859_1);
          String id = String.valueOf(thread.getFileName());
          groupByThread.put(
              id, group(stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'))));
          secondsByThread.put(id, seconds(stat));
        } catch (IOException e) {
          // The thread has ended meanwhile.
        }
      }
    }
  }

  /** Returns seconds of CPU time since the start of the process, by group, after a sample. */
  Map<String, Double> seconds() throws IOException {
    Map<String, Double> groups = new TreeMap<>();
    secondsByThread.forEach(
        (id, seconds) -> groups.merge(groupByThread.getOrDefault(id, REST), seconds, Double::sum));
    double known = groups.values().stream().mapToDouble(Double::doubleValue).sum();
    groups.merge(REST, totalSeconds() - known, Double::sum);
    return groups;
  }

  /** Returns seconds of CPU time of all threads since the start of the process, ended ones too. */
  double totalSeconds() throws IOException {
    return seconds(Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1));
  }

  private static double seconds(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[USER_TIME + 1]))
        / TICKS_PER_SECOND;
  }

  /** Returns a memory field of the process' status in MiB, e.g. {@code VmRSS}. */
  long mebibytes(String field) throws IOException {
    for (String line : Files.readAllLines(directory.resolve("status"))) {
      if (line.startsWith(field + ":")) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) >> 10;
      }
    }
    return 0;
  }
}
