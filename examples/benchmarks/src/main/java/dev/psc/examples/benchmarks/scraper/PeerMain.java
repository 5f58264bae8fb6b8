package dev.psc.examples.benchmarks.scraper;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The process with the targets and the store. It prints both ports in one line, then the number of
 * received profiles for each line that it reads, and ends with its input.
 */
final class PeerMain {

  private PeerMain() {}

  /** Runs with the number of addresses and the size of the profiles in kB. */
  public static void main(String[] arguments) throws Exception {
    Map<String, byte[]> bodies = new HashMap<>();
    for (String name : BenchmarkProfiles.NAMES) {
      bodies.put(
          "/debug/pprof/" + name,
          BenchmarkProfiles.gzipped(name, Integer.parseInt(arguments[1]) * 1_000));
    }
    TargetServer targets = TargetServer.start(Integer.parseInt(arguments[0]), bodies);
    CountingStore store = CountingStore.start();
    System.out.println(targets.port() + " " + store.port());
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (lines.readLine() != null) {
      System.out.println(store.profiles());
    }
    System.exit(0);
  }
}
