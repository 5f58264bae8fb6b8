package dev.psc.scraper.command;

import dev.psc.auth.CallHeaders;
import dev.psc.auth.TokenSource;
import dev.psc.label.LabelSet;
import dev.psc.net.Json;
import dev.psc.scraper.cli.FlagWords;
import dev.psc.scraper.cli.HttpAddress;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.scraper.config.ScraperSettings;
import dev.psc.scraper.store.StoreConnection;
import dev.psc.store.StoreChannels;
import dev.psc.store.StoreCheck;
import dev.psc.store.StoreCheckStep;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The flag {@code --check}. */
public final class CheckCommand {

  /** One line of the result. */
  record Step(String name, String result, String message, String remedy) {}

  static final String WRONG = "wrong";

  private final Options options;
  private final PrintStream out;

  public CheckCommand(Options options, PrintStream out) {
    this.options = options;
    this.out = out;
  }

  static Step ok(String name, String message) {
    return new Step(name, "ok", message, "");
  }

  static Step warning(String name, String message, String remedy) {
    return new Step(name, "warning", message, remedy);
  }

  static Step wrong(String name, String message, String remedy) {
    return new Step(name, WRONG, message, remedy);
  }

  /** Checks flags, config, targets, token, project and store; returns the exit code. */
  public int run() throws UsageException, InterruptedException {
    List<Step> steps = new ArrayList<>();
    steps.add(mode());
    steps.add(httpAddress());
    if (options.buffer.spoolDir != null) {
      steps.add(spool(options.buffer.spoolDir));
    }
    try {
      ConfigFile config = ConfigFile.read(options.scrape.configPath);
      LabelSet externalLabels = ScraperSettings.externalLabels(options);
      options.shard();
      steps.add(
          ok("config valid", options.scrape.configPath + ": " + config.jobs().size() + " job(s)"));
      steps.addAll(new TargetCheck(options, config, externalLabels).run());
    } catch (UsageException e) {
      steps.add(wrong("config valid", String.valueOf(e.getMessage()), remedy(e)));
    }
    for (StoreCheckStep step : storeSteps()) {
      steps.add(
          new Step(
              step.name().title(),
              step.result().name().toLowerCase(Locale.ROOT),
              FlagWords.inFlags(step.message()),
              FlagWords.inFlags(step.remedy())));
    }
    boolean ok = steps.stream().noneMatch(step -> step.result().equals(WRONG));
    print(steps, ok);
    return ok ? 0 : 1;
  }

  private void print(List<Step> steps, boolean ok) {
    if (options.inspect.output.equals("json")) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("ok", ok);
      document.put("steps", steps.stream().map(CheckCommand::map).toList());
      out.println(Json.write(document));
      return;
    }
    for (Step step : steps) {
      out.printf("%-8s %-24s %s%n", step.result(), step.name(), step.message());
      if (!step.remedy().isEmpty()) {
        out.printf("%-8s %-24s -> %s%n", "", "", step.remedy());
      }
    }
    out.println(ok ? "all checks passed" : "some checks failed, see above");
  }

  private Step mode() {
    String name = "mode";
    return options.scrape.mode.equals("scraper-only")
        ? ok(name, "scraper-only")
        : wrong(
            name,
            "--mode=" + options.scrape.mode + " is not supported",
            "set --mode=scraper-only; there is no built-in store (all) and no forwarder");
  }

  private Step httpAddress() {
    String name = "HTTP address free";
    String text = options.serve.httpAddress;
    try {
      InetSocketAddress address = HttpAddress.parse("--http-address", text);
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(address);
      }
      return ok(name, "--http-address=" + text);
    } catch (UsageException e) {
      return wrong(name, String.valueOf(e.getMessage()), "correct the flag; --help lists all");
    } catch (IOException e) {
      return wrong(
          name,
          "--http-address=" + text + " cannot be bound: " + e.getMessage(),
          "stop the program that listens there, or choose another --http-address");
    }
  }

  private static Step spool(Path directory) {
    String name = "spool writable";
    Path existing = directory.toAbsolutePath();
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    String remedy = "give --spool-dir a directory in which this user may create files";
    if (existing == null || !Files.isDirectory(existing)) {
      return wrong(name, "--spool-dir: " + existing + " is not a directory", remedy);
    }
    try {
      Files.delete(Files.createTempFile(existing, "psc-check", null));
      return ok(name, directory.toString());
    } catch (IOException e) {
      return wrong(name, "--spool-dir: " + existing + " is not writable: " + e, remedy);
    }
  }

  private static String remedy(UsageException e) {
    return String.valueOf(e.getMessage()).startsWith("--")
        ? "correct the flag; --help lists all"
        : "correct the config file; --print-config shows the settings in use";
  }

  private static Map<String, Object> map(Step step) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("step", step.name());
    map.put("result", step.result());
    map.put("message", step.message());
    map.put("remedy", step.remedy());
    return map;
  }

  private List<StoreCheckStep> storeSteps() throws UsageException {
    Options.Store store = options.store;
    if (store.storeAddress == null) {
      throw new UsageException("--store-address is missing: --check needs it");
    }
    List<String> problems = new ArrayList<>();
    Map<String, String> pairs = StoreConnection.headerPairs(options, problems);
    String project = null;
    CallHeaders.Builder others = CallHeaders.builder();
    try {
      for (Map.Entry<String, String> pair : pairs.entrySet()) {
        if (pair.getKey().equalsIgnoreCase("projectID")) {
          project = pair.getValue();
        } else {
          others.header(pair.getKey(), pair.getValue());
        }
      }
    } catch (IllegalArgumentException e) {
      problems.add("--grpc-headers: " + e.getMessage());
    }
    if (store.bearerToken != null && store.bearerTokenFile != null) {
      problems.add("--bearer-token and --bearer-token-file are both given: keep the file");
    }
    if (!problems.isEmpty()) {
      throw new UsageException(problems);
    }
    StoreCheck.Builder check = StoreCheck.builder(() -> channel(options)).headers(others.build());
    if (project != null) {
      check.projectId(project);
    }
    if (store.allowPlaintextToken) {
      check.allowPlaintextToken();
    }
    if (store.allowProjectToken) {
      check.allowProjectToken();
    }
    if (store.bearerTokenFile != null) {
      return check.tokenFile(store.bearerTokenFile).build().run();
    }
    if (store.bearerToken == null) {
      return check.build().run();
    }
    try (TokenSource source = StoreConnection.tokenSource(options)) {
      return source == null ? check.build().run() : check.tokenSource(source).build().run();
    }
  }

  private static StoreChannels.Builder channel(Options options) {
    try {
      return StoreConnection.channelSettings(options);
    } catch (UsageException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }
}
