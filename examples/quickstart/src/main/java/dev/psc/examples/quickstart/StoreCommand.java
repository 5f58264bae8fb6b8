package dev.psc.examples.quickstart;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.Role;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The command that runs the embedded store alone. */
@Command(
    name = "store",
    mixinStandardHelpOptions = true,
    description = {
      "Runs the embedded store until SIGTERM or SIGINT.",
      "Its access model is DIR/iam.json; the command \"iam\" changes it while the store runs."
    })
final class StoreCommand implements Callable<Integer> {

  private static final String ACCOUNT = "quickstart-scraper";

  @Spec private CommandSpec spec;

  @Option(
      names = "--port",
      defaultValue = "0",
      description = "The port to listen on; a free one by default.")
  private int port;

  @Option(
      names = "--bind-address",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "The address to listen on; ${DEFAULT-VALUE} by default.")
  private InetAddress bindAddress;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      required = true,
      description = "The directory for profiles, ca.pem and iam.json.")
  private Path directory;

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description = "A token that may write profiles; created if the file does not exist.")
  private Optional<Path> tokenFile = Optional.empty();

  @Option(
      names = {"--project-id", "--project"},
      paramLabel = "ID",
      description = "A project id (a UUID); repeatable. A new one by default.")
  private List<String> projects = new ArrayList<>();

  @Option(
      names = "--iam-file",
      paramLabel = "FILE",
      description = "The access model; DIR/iam.json by default.")
  private Optional<Path> iamFile = Optional.empty();

  @Option(names = "--plaintext", description = "Use plaintext instead of TLS.")
  private boolean plaintext;

  private static final long DRAW_SECONDS = 5;

  private final CountDownLatch end = new CountDownLatch(1);

  @SuppressWarnings("NullAway.Init") // picocli sets required options and defaults
  StoreCommand() {}

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Files.createDirectories(directory);
    Path model = iamFile.orElseGet(() -> directory.resolve("iam.json"));
    try (Iam iam = Iam.open(model)) {
      Organization organization = IamCommand.organization(iam, IamCommand.ORGANIZATION);
      addProjects(organization);
      String token = tokenFile.isPresent() ? admit(organization, tokenFile.get()) : "";
      EmbeddedProfileStore.Builder builder =
          EmbeddedProfileStore.builder()
              .port(port)
              .bindAddress(bindAddress)
              .directory(directory)
              .iam(iam);
      if (plaintext) {
        builder.plaintext();
      }
      try (EmbeddedProfileStore store = builder.start()) {
        out.println("store address:    " + store.address() + (plaintext ? " (plaintext)" : ""));
        organization
            .projects()
            .forEach(project -> out.println("project:          " + project.id()));
        tokenFile.ifPresent(file -> out.println("token file:       " + file + token));
        if (!plaintext) {
          Path authority = store.writeAuthority(directory.resolve("ca.pem"));
          out.println("authority (PEM):  " + authority);
        }
        out.println("access model:     " + model);
        out.println("profiles:         " + directory);
        out.println("flame graphs:     " + store.writeFlameGraphs(directory).toUri());
        out.println("ready");
        out.flush();
        onShutdown();
        drawUntilTheEnd(store);
        out.println(
            store.profileCount()
                + " profiles received, "
                + store.duplicateCount()
                + " of them twice, "
                + store.refusedCount()
                + " requests refused");
        if (store.profileCount() > 0) {
          out.println("flame graphs:     " + store.writeFlameGraphs(directory).toUri());
        }
        out.flush();
      }
    }
    return 0;
  }

  /** Keeps the page of the received profiles up to date while the store runs. */
  private void drawUntilTheEnd(EmbeddedProfileStore store) throws InterruptedException {
    long drawn = 0;
    while (!end.await(DRAW_SECONDS, TimeUnit.SECONDS)) {
      long received = store.profileCount();
      if (received != drawn) {
        store.writeFlameGraphs(directory);
        drawn = received;
      }
    }
  }

  private void onShutdown() {
    Thread main = Thread.currentThread();
    Thread hook =
        new Thread(
            () -> {
              end.countDown();
              try {
                // Waits until the last lines are written and files are closed.
                main.join(5_000);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "psc-quickstart-end");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Ends the command as a signal does. */
  void stop() {
    end.countDown();
  }

  private void addProjects(Organization organization) {
    List<ProjectId> known = organization.projects().stream().map(project -> project.id()).toList();
    for (String text : projects) {
      ProjectId id = ProjectId.parse(text);
      if (!known.contains(id)) {
        organization.createProject("project-" + id.value().substring(0, 8), id);
      }
    }
    if (organization.projects().isEmpty()) {
      organization.createProject("default");
    }
  }

  /** Reads or creates the token in the file, and returns a note for the output. */
  private static String admit(Organization organization, Path file) throws IOException {
    Optional<ServiceAccount> known = organization.serviceAccount(ACCOUNT);
    ServiceAccount account =
        known.orElseGet(
            () -> {
              ServiceAccount created = organization.createServiceAccount(ACCOUNT);
              organization.bind(Subject.of(created), Role.PROFILE_WRITER.name());
              return created;
            });
    if (!Files.exists(file)) {
      ServiceAccountToken token =
          organization.createToken(account, nextName(organization, account)).token();
      TokenFile.write(file, token);
      return " (new, #" + token.fingerprint() + ")";
    }
    ServiceAccountToken token = TokenFile.read(file);
    if (known.isEmpty()) {
      organization.importToken(account, "token-0", token);
    } else if (!isKnown(organization, token)) {
      return " (#" + token.fingerprint() + ", unknown in the access model, perhaps revoked)";
    }
    return " (#" + token.fingerprint() + ")";
  }

  private static boolean isKnown(Organization organization, ServiceAccountToken token) {
    return organization.serviceAccounts().stream()
        .flatMap(account -> organization.tokens(account).stream())
        .anyMatch(info -> info.fingerprint().equals(token.fingerprint()));
  }

  private static String nextName(Organization organization, ServiceAccount account) {
    List<String> taken = organization.tokens(account).stream().map(info -> info.name()).toList();
    int number = 0;
    while (taken.contains("token-" + number)) {
      number++;
    }
    return "token-" + number;
  }
}
