package dev.psc.examples.benchmarks.scraper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A process with the targets of one scraper and its store. Not thread-safe. */
final class Peer implements AutoCloseable {

  private final Process process;
  private final BufferedReader answers;
  private final OutputStream questions;
  private final ProcessCost cost;
  private final int addresses;
  private final int targetPort;
  private final int storePort;

  private Peer(Process process, int addresses) throws IOException {
    this.process = process;
    this.addresses = addresses;
    answers = process.inputReader(StandardCharsets.UTF_8);
    questions = process.getOutputStream();
    cost = new ProcessCost(process.pid());
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the targets' process ended");
    }
    String[] ports = line.split(" ", -1);
    targetPort = Integer.parseInt(ports[0]);
    storePort = Integer.parseInt(ports[1]);
  }

  /**
   * Starts a process.
   *
   * @param addresses the number of addresses that the targets are on
   * @param profileKilobytes the size of each profile on the wire
   */
  static Peer start(int addresses, int profileKilobytes) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-cp",
                System.getProperty("java.class.path"),
                PeerMain.class.getName(),
                Integer.toString(addresses),
                Integer.toString(profileKilobytes))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    return new Peer(process, addresses);
  }

  /** Returns a config with so many targets, which Parca reads as well. */
  String config(int targets, int intervalSeconds) {
    StringBuilder yaml =
        new StringBuilder(
            """
            object_storage:
              bucket:
                type: FILESYSTEM
                config:
                  directory: ./data
            scrape_configs:
            - job_name: bench
              scrape_interval: %ds
              static_configs:
            """
                .formatted(intervalSeconds));
    var hosts = TargetServer.addresses(addresses);
    for (int i = 0; i < targets; i++) {
      yaml.append("  - targets: ['")
          .append(hosts.get(i % hosts.size()))
          .append(':')
          .append(targetPort)
          .append("']\n    labels: {n: '")
          .append(i)
          .append("'}\n");
    }
    return yaml.toString();
  }

  String store() {
    return "127.0.0.1:" + storePort;
  }

  /** Returns how many profiles the store has received. */
  long profiles() throws IOException {
    questions.write('\n');
    questions.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the targets' process ended");
    }
    return Long.parseLong(answer);
  }

  double cpuSeconds() throws IOException {
    return cost.totalSeconds();
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
