package dev.psc.scraper;

import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.HttpAddress;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.cli.Version;
import dev.psc.scraper.command.CheckCommand;
import dev.psc.scraper.command.DiffCommand;
import dev.psc.scraper.command.InspectCommands;
import dev.psc.scraper.command.Push;
import dev.psc.scraper.config.HangUp;
import dev.psc.scraper.log.LogSetup;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The main class of the scraper; the README lists flags and exit codes. */
public final class PscScraper {

  private PscScraper() {}

  /**
   * Scrapes until SIGTERM, or runs a command and exits. Exit codes: 0 success, 1 failed check or
   * start, 2 invalid command line or config.
   */
  public static void main(String[] arguments) {
    // Java 17 keeps idle connections for 20 minutes: connections of removed targets would pile up.
    setIfAbsent("jdk.httpclient.keepalive.timeout", "60");
    // A connection keeps a buffer of this size while it is idle: of thousands, most of a small
    // heap.
    setIfAbsent("jdk.httpclient.bufsize", "8192");
    // Without it, requests reach only the first address of a name, and no name with an underscore.
    allowHostHeader();
    // With a parallelism of 1, as on two processors, Java 17 starts a thread for each response.
    if (Runtime.getRuntime().availableProcessors() <= 2) {
      setIfAbsent("java.util.concurrent.ForkJoinPool.common.parallelism", "2");
    }
    Thread.setDefaultUncaughtExceptionHandler(new FatalErrors(Runtime.getRuntime()::halt));
    int status = run(arguments, System.getenv(), System.out, System.err);
    if (status != 0) {
      System.exit(status);
    }
  }

  private static void setIfAbsent(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  /** Adds {@code Host} to the headers that the user allows; the JDK reads them on first use. */
  private static void allowHostHeader() {
    String property = "jdk.httpclient.allowRestrictedHeaders";
    String allowed = System.getProperty(property, "");
    System.setProperty(property, allowed.isBlank() ? "host" : allowed + ",host");
  }

  static int run(
      String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err) {
    try {
      if (arguments.length > 0 && arguments[0].equals("health")) {
        return health(arguments, out);
      }
      if (arguments.length > 0 && arguments[0].equals(Push.COMMAND)) {
        return push(Arrays.copyOfRange(arguments, 1, arguments.length), environment, out, err);
      }
      if (arguments.length > 0 && arguments[0].equals(DiffCommand.COMMAND)) {
        return DiffCommand.run(Arrays.copyOfRange(arguments, 1, arguments.length), out);
      }
      Options options = CommandLineReader.read(arguments, environment);
      return run(options, out);
    } catch (UsageException e) {
      e.problems()
          .forEach(
              problem ->
                  err.println(
                      "psc-scraper: " + FlagWords.asGiven(problem, arguments, environment)));
      return 2;
    } catch (IOException e) {
      err.println("psc-scraper: " + e.getMessage());
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 1;
    }
  }

  private static int push(
      String[] arguments, Map<String, String> environment, PrintStream out, PrintStream err)
      throws UsageException {
    Options options = CommandLineReader.read(arguments, environment);
    if (options.inspect.help) {
      CommandLineReader.usage(out);
      return 0;
    }
    LogSetup.apply(options.serve.logLevel, options.serve.logFormat);
    return new Push(options, out, err).run();
  }

  private static int run(Options options, PrintStream out)
      throws UsageException, IOException, InterruptedException {
    if (options.inspect.help) {
      CommandLineReader.usage(out);
      return 0;
    }
    if (options.inspect.version) {
      out.println("psc-scraper " + Version.TEXT);
      return 0;
    }
    check(options);
    LogSetup.apply(options.serve.logLevel, options.serve.logFormat);
    InspectCommands inspect = new InspectCommands(options, out);
    if (options.inspect.printConfig) {
      return inspect.config();
    }
    if (options.inspect.printTargets) {
      return inspect.targets();
    }
    if (options.inspect.check) {
      return new CheckCommand(options, out).run();
    }
    checkMode(options.scrape.mode);
    scrape(options);
    return 0;
  }

  /** Rejects flags that are invalid for every command. */
  private static void check(Options options) throws UsageException {
    List<String> problems = new ArrayList<>();
    if (!options.arguments.isEmpty()) {
      problems.add("unexpected argument \"" + options.arguments.get(0) + "\"");
    }
    oneOf(problems, "--log-level", options.serve.logLevel, LogSetup.LEVELS);
    oneOf(problems, "--log-format", options.serve.logFormat, LogSetup.FORMATS);
    oneOf(problems, "--output", options.inspect.output, List.of("text", "json"));
    if (options.ignored.enablePersistence) {
      problems.add("--enable-persistence is not supported: there is no built-in store");
    }
    if (options.scrape.maxConcurrentScrapes < 1) {
      problems.add("--max-concurrent-scrapes must be at least 1");
    }
    if (options.ignored.port != null) {
      options.serve.httpAddress = options.ignored.port;
    }
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
  }

  private static void oneOf(List<String> problems, String flag, String value, List<String> known) {
    if (!known.contains(value)) {
      problems.add(flag + ": \"" + value + "\" must be one of " + String.join(", ", known));
    }
  }

  private static void checkMode(String mode) throws UsageException {
    if (!mode.equals("scraper-only")) {
      throw new UsageException(
          "--mode="
              + mode
              + " is not supported: set --mode=scraper-only; there is no built-in store (all)"
              + " and no forwarder");
    }
  }

  private static void scrape(Options options)
      throws UsageException, IOException, InterruptedException {
    Logger logger = LoggerFactory.getLogger(PscScraper.class);
    if (!options.ignored.withValue.isEmpty() || !options.ignored.switches.isEmpty()) {
      logger.warn(
          "Ignoring {} flag(s) about store, symbolizer, debuginfo or tracing, which have no effect"
              + " here",
          options.ignored.withValue.size() + options.ignored.switches.size());
    }
    CountDownLatch ended = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    ScraperRun run = ScraperRun.start(options);
    // SIGTERM runs the hook. It holds the JVM until the main thread has closed everything and ended
    // the process with 0; otherwise an orderly end would have the exit code of a killed process
    // (143).
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(
                () -> {
                  ended.countDown();
                  awaitAtMost(never, options.buffer.shutdownTimeout.plusMillis(500));
                },
                "psc-shutdown"));
    HangUp.handle(run::reload);
    ended.await();
    logger.info("Stopping");
    run.close();
    Runtime.getRuntime().halt(0);
  }

  private static void awaitAtMost(CountDownLatch latch, Duration timeout) {
    try {
      if (!latch.await(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
        LoggerFactory.getLogger(PscScraper.class)
            .warn("Shutdown timed out before everything had stopped");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Checks whether a scraper is alive, with the flags of {@code grpc_health_probe}. */
  private static int health(String[] arguments, PrintStream out)
      throws UsageException, InterruptedException {
    String address = ":7070";
    for (String argument : arguments) {
      String flag = argument.startsWith("--") ? argument.substring(1) : argument;
      if (flag.startsWith("-addr=")) {
        address = flag.substring("-addr=".length());
      }
    }
    InetSocketAddress parsed = HttpAddress.parse("-addr", address);
    String host =
        parsed.getAddress().isAnyLocalAddress()
            ? "127.0.0.1"
            : parsed.getAddress().getHostAddress();
    String bracketed = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    try {
      HttpResponse<String> response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create("http://" + bracketed + ":" + parsed.getPort() + "/healthz"))
                      .version(HttpClient.Version.HTTP_1_1)
                      .timeout(Duration.ofSeconds(3))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());
      boolean ok = response.statusCode() == 200;
      out.println(ok ? "status: SERVING" : "status: NOT_SERVING");
      return ok ? 0 : 1;
    } catch (IOException e) {
      out.println("status: NOT_SERVING (no response from " + address + ")");
      return 1;
    }
  }
}
