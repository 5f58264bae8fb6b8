package dev.psc.examples.quickstart;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line: the main job, and the commands {@code store} and {@code iam}. */
@Command(
    name = "psc-quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Profiles a small workload, scrapes it, sends the profiles to a store, and shows what the store"
          + " received.",
      "Without options everything runs in this process: the workload, its pprof endpoint, the"
          + " scraper, and a store with TLS and access checks."
    },
    subcommands = {StoreCommand.class, IamCommand.class})
public final class Quickstart implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Option(
      names = "--target",
      paramLabel = "HOST:PORT",
      description = "Scrape this program with net/http/pprof endpoints instead of the workload.")
  private Optional<String> target = Optional.empty();

  @Option(
      names = "--store-address",
      paramLabel = "HOST:PORT",
      description = "Send to this store instead of an embedded one.")
  private Optional<String> storeAddress = Optional.empty();

  @Option(
      names = "--bearer-token-file",
      paramLabel = "FILE",
      description = "The token for --store-address.")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = {"--project-id", "--project"},
      paramLabel = "ID",
      description = "The project id for --store-address.")
  private Optional<String> project = Optional.empty();

  @Option(
      names = "--ca-file",
      paramLabel = "FILE",
      description = "PEM file with the certificate authority of --store-address.")
  private Optional<Path> caFile = Optional.empty();

  @Option(names = "--insecure", description = "Use plaintext for --store-address.")
  private boolean insecure;

  @Option(
      names = "--insecure-skip-verify",
      description = "Do not verify the certificate of --store-address.")
  private boolean insecureSkipVerify;

  @Option(
      names = "--otlp-endpoint",
      paramLabel = "URL",
      description = "Also export to this receiver of OTLP profiles, e.g. http://localhost:4318.")
  private Optional<String> otlpEndpoint = Optional.empty();

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "The directory for profiles; a new temporary one by default.")
  private Optional<Path> directory = Optional.empty();

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "15",
      description = "The duration of the run; ${DEFAULT-VALUE} by default.")
  private int seconds;

  @Option(
      names = "--interval-seconds",
      paramLabel = "N",
      defaultValue = "5",
      description = "The scrape interval of each profile; ${DEFAULT-VALUE} by default.")
  private int intervalSeconds;

  @SuppressWarnings("NullAway.Init") // picocli sets spec
  Quickstart() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Quickstart())
        .setExecutionExceptionHandler(
            (exception, command, parsed) -> {
              command.getErr().println("psc-quickstart: " + reason(exception));
              return 1;
            });
  }

  private static String reason(Throwable exception) {
    String message = exception.getMessage();
    Throwable cause = exception.getCause();
    String text = message == null ? exception.toString() : message;
    return inFlags(
        cause == null || cause.getMessage() == null || text.contains(cause.getMessage())
            ? text
            : text + ": " + cause.getMessage());
  }

  /** Returns a message of the store's client with this program's flags for its settings. */
  static String inFlags(String message) {
    return message
        .replace("caFile (PSC_CA_FILE)", "--ca-file")
        .replace("use http://", "give --insecure or use http://")
        .replace("use https://", "leave out --insecure or use https://")
        .replace("insecureSkipVerify", "--insecure-skip-verify")
        .replace("caFile", "--ca-file");
  }

  @Override
  public Integer call() throws Exception {
    if (seconds < 1 || intervalSeconds < 1) {
      throw new ParameterException(
          spec.commandLine(), "--seconds and --interval-seconds must be at least 1");
    }
    if (storeAddress.isEmpty()
        && (tokenFile.isPresent()
            || project.isPresent()
            || caFile.isPresent()
            || insecure
            || insecureSkipVerify)) {
      throw new ParameterException(
          spec.commandLine(),
          "--bearer-token-file, --project-id, --ca-file, --insecure and --insecure-skip-verify"
              + " require --store-address");
    }
    if (storeAddress.isPresent() && (tokenFile.isEmpty() || project.isEmpty())) {
      throw new ParameterException(
          spec.commandLine(), "--store-address requires --bearer-token-file and --project-id");
    }
    PrintWriter out = spec.commandLine().getOut();
    try (StoreUnderTrial store =
        storeAddress.isPresent()
            ? StoreUnderTrial.given(
                storeAddress.get(),
                tokenFile.orElseThrow(),
                project.orElseThrow(),
                caFile,
                insecure,
                insecureSkipVerify,
                directory)
            : StoreUnderTrial.embedded(directory)) {
      return new MainJob(out, store, target, otlpEndpoint)
          .run(Duration.ofSeconds(seconds), Duration.ofSeconds(intervalSeconds));
    }
  }
}
