package dev.psc.examples.benchmarks;

import com.sun.net.httpserver.HttpServer;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A measurement of a scraper process: the time until it answers, its memory and CPU time by number
 * of targets, and the profiles that arrive in a store. It depends on the command line only, so that
 * {@code --command=…} measures another scraper in the same way.
 *
 * <p>The command's placeholders: {@code {config}}, {@code {store}}, {@code {token}}, {@code
 * {project}}, {@code {port}} (of its HTTP server), {@code {java}}. The store uses plaintext on
 * loopback.
 */
final class ScraperProcess {

  /** The command of this project's scraper, as in the manifest except for addresses. */
  static final String OURS =
      "{java} -Xmx64m -jar scrape/app/target/psc-scraper.jar --mode=scraper-only"
          + " --config-path={config} --store-address={store} --insecure --bearer-token-file={token}"
          + " --grpc-headers=projectID={project} --http-address=127.0.0.1:{port}";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final HttpClient http = HttpClient.newHttpClient();
  private final PrintStream out;
  private final PrintStream err;
  private String command = OURS;
  private List<Integer> targets = List.of(100, 1_000);
  private int seconds = 60;
  private int interval = 10;

  ScraperProcess(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** The result of one run; memory in bytes of resident set, CPU in percent of one core. */
  record Result(
      int targets,
      Duration start,
      long residentBytes,
      long peakResidentBytes,
      double cpuPercent,
      double scrapesPerSecond,
      double millisecondsOfCpuPerScrape) {

    String json(String command) {
      return String.format(
          Locale.ROOT,
          "{\"command\":\"%s\",\"targets\":%d,\"start_ms\":%d,\"rss_mib\":%d,\"peak_rss_mib\":%d,"
              + "\"cpu_percent\":%.1f,\"profiles_per_s\":%.1f,\"cpu_ms_per_profile\":%.3f}",
          command.replace("\\", "\\\\").replace("\"", "\\\""),
          targets,
          start.toMillis(),
          residentBytes >> 20,
          peakResidentBytes >> 20,
          cpuPercent,
          scrapesPerSecond,
          millisecondsOfCpuPerScrape);
    }
  }

  /**
   * Runs {@code [--targets=100,1000] [--seconds=60] [--interval=10] [--command=…]} and prints a
   * JSON line for each number of targets.
   *
   * @return 0; 1 if the scraper failed; 2 for invalid arguments
   */
  int run(List<String> arguments) throws Exception {
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String value = argument.substring(equals + 1);
      switch (equals < 0 ? argument : argument.substring(0, equals)) {
        case "--command" -> command = value;
        case "--seconds" -> seconds = Integer.parseInt(value);
        case "--interval" -> interval = Integer.parseInt(value);
        case "--targets" ->
            targets = List.of(value.split(",", -1)).stream().map(Integer::valueOf).toList();
        default -> {
          err.println(
              "unknown argument " + argument + ": use --targets, --seconds, --interval, --command");
          return 2;
        }
      }
    }
    for (int count : targets) {
      out.println(measure(count).json(command));
      out.flush();
    }
    return 0;
  }

  private Result measure(int count) throws Exception {
    Path directory = Files.createTempDirectory("psc-scraper-benchmark");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    HttpServer target = HttpServer.create(new InetSocketAddress(loopback(), 0), 1_024);
    Process process = null;
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      target.setExecutor(threads);
      serve(target);
      Files.writeString(directory.resolve("token"), store.token().reveal());
      Files.writeString(
          directory.resolve("config.yaml"), config(target.getAddress().getPort(), count));
      int port = freePort();
      Map<String, String> values =
          Map.of(
              "config", directory.resolve("config.yaml").toString(),
              "token", directory.resolve("token").toString(),
              "store", store.address(),
              "project", store.project().value(),
              "port", String.valueOf(port),
              "java", Path.of(System.getProperty("java.home"), "bin", "java").toString());
      Path log = directory.resolve("log");
      long begun = System.nanoTime();
      process =
          new ProcessBuilder(filled(values))
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
      awaitMetrics(process, port, log);
      Duration start = Duration.ofNanos(System.nanoTime() - begun);

      // Each target is scraped once before the measurement: compiled code, open connections.
      awaitProfiles(process, store, 5L * count, log);
      long cpu = cpuNanos(process);
      long profiles = store.profileCount();
      long from = System.nanoTime();
      TimeUnit.SECONDS.sleep(seconds);
      double elapsed = (System.nanoTime() - from) / 1e9;
      double used = (cpuNanos(process) - cpu) / 1e9;
      long arrived = store.profileCount() - profiles;
      return new Result(
          count,
          start,
          resident(process, "VmRSS:"),
          resident(process, "VmHWM:"),
          100 * used / elapsed,
          arrived / elapsed,
          1e3 * used / Math.max(1, arrived));
    } finally {
      if (process != null) {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      }
      target.stop(0);
      threads.shutdownNow();
    }
  }

  private List<String> filled(Map<String, String> values) {
    List<String> words = new ArrayList<>();
    for (String word : command.split(" +", -1)) {
      String filled = word;
      for (Map.Entry<String, String> value : values.entrySet()) {
        filled = filled.replace("{" + value.getKey() + "}", value.getValue());
      }
      words.add(filled);
    }
    return words;
  }

  /** Returns a configuration whose targets are one server and differ in a label. */
  private String config(int port, int count) {
    StringBuilder yaml =
        new StringBuilder("scrape_configs:\n- job_name: bench\n  scrape_interval: ")
            .append(interval)
            .append("s\n  static_configs:\n");
    for (int i = 0; i < count; i++) {
      yaml.append("  - targets: ['127.0.0.1:")
          .append(port)
          .append("']\n    labels: {n: '")
          .append(i)
          .append("'}\n");
    }
    return yaml.toString();
  }

  private static void serve(HttpServer target) {
    for (String name : List.of("allocs", "block", "goroutine", "mutex", "profile")) {
      byte[] body = profile(name);
      target.createContext(
          "/debug/pprof/" + name,
          exchange -> {
            try (exchange) {
              exchange.sendResponseHeaders(200, body.length);
              exchange.getResponseBody().write(body);
            }
          });
    }
    target.start();
  }

  /**
   * About 12 kB on the wire, like a small Go service. CPU profiles are answered immediately too.
   */
  private static byte[] profile(String name) {
    ProfileBuilder profile = ProfileBuilder.create();
    boolean heap = name.equals("allocs");
    for (String type :
        heap
            ? List.of("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")
            : List.of("contentions")) {
      profile.sampleType(type, type.endsWith("space") ? "bytes" : "count");
    }
    profile.timeNanos(System.currentTimeMillis() * 1_000_000L).durationNanos(10_000_000_000L);
    java.util.SplittableRandom random = new java.util.SplittableRandom(name.hashCode());
    int mapping = profile.nativeMapping(0x400000, 0x900000, 0, "/app/server", "b1");
    int[] locations = new int[400];
    for (int i = 0; i < locations.length; i++) {
      int function =
          profile.function("example.com/app/pkg" + i % 31 + ".f" + i, "", "f" + i % 60 + ".go", 0);
      locations[i] = profile.location(mapping, 0x400000 + i * 37L, function, i % 500);
    }
    int[] stack = new int[24];
    for (int i = 0; i < 200; i++) {
      int depth = 4 + random.nextInt(20);
      for (int level = 0; level < depth; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      long value = 1L + random.nextInt(5_000);
      if (heap) {
        profile.sample(
            stack, 0, depth, ProfileBuilder.NO_LABELS, value, value * 64, i % 2, i % 2 * 64L);
      } else {
        profile.sample(stack, 0, depth, ProfileBuilder.NO_LABELS, value);
      }
    }
    return profile.build();
  }

  private void awaitMetrics(Process process, int port, Path log) throws Exception {
    URI metrics = URI.create("http://127.0.0.1:" + port + "/metrics");
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < end) {
      alive(process, log);
      try {
        HttpResponse<Void> answer =
            http.send(
                HttpRequest.newBuilder(metrics).timeout(Duration.ofSeconds(2)).build(),
                HttpResponse.BodyHandlers.discarding());
        if (answer.statusCode() == 200) {
          return;
        }
      } catch (IOException notYet) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
    }
    throw new IOException("no answer at " + metrics + ", log: " + Files.readString(log));
  }

  private void awaitProfiles(Process process, EmbeddedProfileStore store, long count, Path log)
      throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos() + interval * 3_000_000_000L;
    while (store.profileCount() < count) {
      alive(process, log);
      if (System.nanoTime() > end) {
        throw new IOException(
            "only " + store.profileCount() + " of " + count + ", log: " + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private static void alive(Process process, Path log) throws IOException {
    if (!process.isAlive()) {
      throw new IOException("the scraper ended: " + Files.readString(log));
    }
  }

  private static long cpuNanos(Process process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
  }

  private static long resident(Process process, String field) throws IOException {
    Path status = Path.of("/proc", String.valueOf(process.pid()), "status");
    if (!Files.exists(status)) {
      return 0;
    }
    for (String line : Files.readAllLines(status)) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("[^0-9]", "")) << 10;
      }
    }
    return 0;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
      return socket.getLocalPort();
    }
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }
}
