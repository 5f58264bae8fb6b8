package dev.psc.examples.benchmarks;

import dev.psc.examples.benchmarks.overhead.OverheadTable;
import dev.psc.examples.benchmarks.scraper.ScraperTable;
import dev.psc.examples.benchmarks.truth.TruthTable;
import java.util.Arrays;
import java.util.List;

/**
 * The command line: {@code ratios [--json] [--list] [--only=…]}, {@code scraper
 * [--command=NAME=…]}, {@code truth [--list] [--only=…] [--jdks=…] [--gc=…]}, {@code overhead
 * [--only=…] [--jdks=…]}, or {@code jmh} and its options.
 */
public final class Main {

  private Main() {}

  /** Runs a command; the exit code is that of {@link RatioRunner}, or JMH's. */
  public static void main(String[] arguments) throws Exception {
    List<String> rest =
        Arrays.asList(arguments).subList(Math.min(1, arguments.length), arguments.length);
    String command = arguments.length == 0 ? "" : arguments[0];
    switch (command) {
      case "ratios" ->
          System.exit(new RatioRunner(RatioRunner.registered(), System.out, System.err).run(rest));
      case "scraper" -> System.exit(new ScraperTable(System.out, System.err).run(rest));
      case "truth" ->
          System.exit(new TruthTable(TruthTable.registered(), System.out, System.err).run(rest));
      case "overhead" -> System.exit(new OverheadTable(System.out, System.err).run(rest));
      case "jmh" -> org.openjdk.jmh.Main.main(rest.toArray(String[]::new));
      default -> {
        System.err.println(
            "usage: ratios [--json] [--list] [--only=name,…] | scraper [--targets=…] [--command=NAME=…]"
                + " | truth [--list] [--only=name,…] [--jdks=home,…] [--gc=G1,…] | overhead"
                + " [--only=program,…] [--jdks=home,…] [--rounds=5] | jmh [options]");
        System.exit(2);
      }
    }
  }
}
