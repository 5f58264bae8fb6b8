package dev.psc.examples.benchmarks.truth;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import one.profiler.AsyncProfiler;

/**
 * The shares of functions in CPU time according to async-profiler, which runs in the same JVM. Only
 * samples of threads with Java frames count, without those of profilers.
 */
final class AsyncProfilerShares {

  /** SIGVTALRM: the flight recorder of JDK 25 uses SIGPROF, the default. */
  private static final int SIGNAL = 26;

  private static final Pattern JAVA_FRAME = Pattern.compile("(.+)_\\[[ji01]]");
  private static final Pattern ADDRESS = Pattern.compile("[+/.]0x[0-9a-f]+(\\.\\d+)?");
  private static final Pattern LAMBDA = Pattern.compile("\\$\\$Lambda([$./]\\d+)?");
  private static final Pattern PROFILER =
      Pattern.compile("\\[(psc-|JFR |truth|Truth|Attach).*|.*jdk[./]jfr[./].*");

  private final Map<String, Double> cumulative = new HashMap<>();
  private double total;

  private AsyncProfilerShares() {}

  static void start() throws Exception {
    AsyncProfiler.getInstance()
        .execute("start,event=ctimer,interval=5ms,threads,signal=" + SIGNAL + ",jstackdepth=1024");
  }

  /** Stops async-profiler and returns its shares. */
  static AsyncProfilerShares stop() throws Exception {
    AsyncProfiler profiler = AsyncProfiler.getInstance();
    profiler.stop();
    AsyncProfilerShares shares = new AsyncProfilerShares();
    profiler.execute("collapsed,threads,ann,dot").lines().forEach(shares::add);
    return shares;
  }

  private void add(String line) {
    int space = line.lastIndexOf(' ');
    if (space < 0 || PROFILER.matcher(line).matches()) {
      return;
    }
    Set<String> functions = new HashSet<>();
    for (String frame : line.substring(0, space).split(";", -1)) {
      Matcher java = JAVA_FRAME.matcher(frame);
      if (java.matches()) {
        functions.add(normalized(java.group(1)));
      }
    }
    if (!functions.isEmpty()) {
      double count = Double.parseDouble(line.substring(space + 1));
      total += count;
      functions.forEach(function -> cumulative.merge(function, count, Double::sum));
    }
  }

  /** Returns a name without the numbers of generated classes. */
  static String normalized(String function) {
    return LAMBDA.matcher(ADDRESS.matcher(function).replaceAll("")).replaceAll("\\$\\$Lambda");
  }

  /** Returns the cumulative share of a function, in percent. */
  double share(String function) {
    return total == 0 ? 0 : 100 * cumulative.getOrDefault(function, 0.0) / total;
  }

  /** Returns the functions with the largest shares. */
  List<String> largest(int count) {
    List<String> all = new ArrayList<>(cumulative.keySet());
    all.sort(Comparator.comparing((String name) -> -cumulative.getOrDefault(name, 0.0)));
    return all.subList(0, Math.min(count, all.size()));
  }
}
