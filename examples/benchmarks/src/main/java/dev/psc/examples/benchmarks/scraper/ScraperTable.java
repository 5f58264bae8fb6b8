package dev.psc.examples.benchmarks.scraper;

import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Measures scrapers as processes by their command lines: the time until they answer, and CPU time
 * and memory in some minutes after the start, by number of targets and size of profiles. Several
 * commands are measured in turns.
 *
 * <p>The commands' placeholders: {@code {config}}, {@code {store}}, {@code {token}}, {@code
 * {project}}, {@code {port}} (of its HTTP server), {@code {java}}. Targets and store run in a
 * separate process. The store uses plaintext on loopback. Needs Linux.
 */
public final class ScraperTable {

  /** The command of this project's scraper, as in the manifest except for addresses. */
  public static final String OURS =
      "{java} -Xmx64m -jar scrape/app/target/psc-scraper.jar --mode=scraper-only"
          + " --config-path={config} --store-address={store} --insecure --bearer-token-file={token}"
          + " --grpc-headers=projectID={project} --http-address=127.0.0.1:{port}";

  private static final String USAGE =
      "use --targets, --profile-kb, --minutes, --interval, --rounds, --command=NAME=…,"
          + " --reference=NAME";

  private final PrintStream out;
  private final PrintStream err;
  private final Map<String, String> commands = new LinkedHashMap<>();
  private final List<ScraperWindow> windows = new ArrayList<>();
  private List<Integer> targets = List.of(100, 1_000);
  private List<Integer> sizes = List.of(12);
  private List<String> minutes = List.of("1");
  private String reference = "";
  private int interval = 10;
  private int rounds = 1;

  public ScraperTable(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs {@code [--targets=100,1000] [--profile-kb=12] [--minutes=1,2-3,8-10] [--interval=10]
   * [--rounds=1] [--command=NAME=…]… [--reference=NAME]}. Prints a JSON line per command and
   * window, and then the goals of each command compared with the reference, by default the last
   * command. {@code --command=…} without a name replaces this project's command.
   *
   * @return 0; 2 for invalid arguments
   * @throws IOException if a scraper ended or did not answer
   */
  public int run(List<String> arguments) throws Exception {
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String value = argument.substring(equals + 1);
      switch (equals < 0 ? argument : argument.substring(0, equals)) {
        case "--command" -> command(value);
        case "--reference" -> reference = value;
        case "--interval" -> interval = Integer.parseInt(value);
        case "--rounds" -> rounds = Integer.parseInt(value);
        case "--minutes" -> minutes = List.of(value.split(",", -1));
        case "--targets" -> targets = numbers(value);
        case "--profile-kb" -> sizes = numbers(value);
        default -> {
          err.println("unknown argument " + argument + ": " + USAGE);
          return 2;
        }
      }
    }
    if (commands.isEmpty()) {
      commands.put("ours", OURS);
    }
    if (reference.isEmpty()) {
      reference = List.copyOf(commands.keySet()).get(commands.size() - 1);
    }
    out.printf(
        Locale.ROOT,
        "%s, %d processors, load %.1f%n",
        LocalDate.now(ZoneOffset.UTC),
        Runtime.getRuntime().availableProcessors(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    for (int round = 0; round < rounds; round++) {
      for (int count : targets) {
        for (int size : sizes) {
          for (Map.Entry<String, String> command : commands.entrySet()) {
            measure(command.getKey(), command.getValue(), count, size);
          }
        }
      }
    }
    for (String name : commands.keySet()) {
      if (commands.size() == 1 || !name.equals(reference)) {
        ScraperGoals.judge(windows, name, reference).forEach(out::println);
      }
    }
    return 0;
  }

  private void command(String value) {
    int equals = value.indexOf('=');
    String name = equals < 0 ? "" : value.substring(0, equals);
    if (name.matches("[A-Za-z0-9.-]+") && !name.startsWith("-")) {
      commands.put(name, value.substring(equals + 1));
    } else {
      commands.put("ours", value);
    }
  }

  private static List<Integer> numbers(String list) {
    return Stream.of(list.split(",", -1)).map(Integer::valueOf).toList();
  }

  private void measure(String name, String command, int count, int size) throws Exception {
    try (ScraperUnderTest scraper = ScraperUnderTest.start(command, count, size, interval)) {
      Duration ready = scraper.awaitReady();
      for (String window : minutes) {
        String[] ends = window.split("-", 2);
        Duration from = Duration.ofMinutes(Long.parseLong(ends[0]) - 1);
        Duration to = Duration.ofMinutes(Long.parseLong(ends[ends.length - 1]));
        ScraperUnderTest.Reading before =
            from.isZero() ? new ScraperUnderTest.Reading(0, Map.of(), 0, 0) : scraper.readAt(from);
        ScraperUnderTest.Reading after = scraper.readAt(to);
        ScraperWindow measured =
            new ScraperWindow(
                name,
                count,
                size,
                window,
                ready.toMillis(),
                (after.nanos() - before.nanos()) / 1e9,
                difference(after.seconds(), before.seconds()),
                after.profiles() - before.profiles(),
                scraper.mebibytes("VmRSS"),
                scraper.mebibytes("VmHWM"),
                after.peerSeconds() - before.peerSeconds());
        windows.add(measured);
        out.println(measured.json());
        out.flush();
      }
      schedule(scraper);
    }
  }

  private static Map<String, Double> difference(
      Map<String, Double> after, Map<String, Double> before) {
    Map<String, Double> used = new TreeMap<>();
    after.forEach((group, seconds) -> used.put(group, seconds - before.getOrDefault(group, 0.0)));
    return used;
  }

  /** Prints how punctual this project's scraper was; others do not have these metrics. */
  private void schedule(ScraperUnderTest scraper) throws IOException, InterruptedException {
    var scrapes = scraper.metric("psc_scrape_lateness_seconds_count");
    var punctual = scraper.metric("psc_scrape_lateness_seconds_bucket{le=\"0.1\"}");
    if (scrapes.isPresent() && punctual.isPresent()) {
      out.printf(
          Locale.ROOT,
          "%.0f scrapes, %.3f %% at most 100 ms late, %.0f intervals missed, %.0f scrapes failed%n",
          scrapes.getAsDouble(),
          100 * punctual.getAsDouble() / Math.max(1, scrapes.getAsDouble()),
          scraper.metric("psc_scrape_missed_intervals_total").orElse(0),
          scraper.metric("psc_scrape_failures_total").orElse(0));
    }
  }
}
