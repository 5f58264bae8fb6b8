package dev.psc.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import dev.psc.testkit.TestProfiles;
import io.grpc.ManagedChannel;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(120)
class StoreCommandTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final ProjectId PROJECT = ProjectId.random();

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private CommandLine store = command();
  private @Nullable CompletableFuture<Integer> running;

  @AfterEach
  void stop() throws Exception {
    if (running != null) {
      end();
    }
  }

  @Test
  void runsUntilItIsEnded() throws Exception {
    Path token = directory.resolve("secrets").resolve("token");
    start("--token-file=" + token, "--project-id=" + PROJECT);

    assertThat(send(token)).isInstanceOf(SendOutcome.Accepted.class);

    assertThat(end()).isZero();
    assertThat(out.toString())
        .contains("project:          " + PROJECT, "1 profiles received", "(new, #")
        .contains("flame graphs:     " + directory.resolve("index.html").toUri())
        .doesNotContain(Files.readString(token).strip());
    assertThat(directory.resolve(PROJECT.value()).resolve("process_cpu")).isDirectory();
    assertThat(directory.resolve("index.html")).content().contains("process_cpu</a>");
  }

  @Test
  void keepsItsTokenAndProjectOverARestart() throws Exception {
    Path token = directory.resolve("token");
    start("--token-file=" + token, "--project-id=" + PROJECT);
    end();
    String before = Files.readString(token);

    start("--token-file=" + token, "--project-id=" + PROJECT);

    assertThat(token).hasContent(before);
    assertThat(send(token)).isInstanceOf(SendOutcome.Accepted.class);
  }

  @Test
  void takesAGivenToken() throws Exception {
    Path token = directory.resolve("token");
    TokenFile.write(token, ServiceAccountToken.generate(new SecureRandom()));

    start("--token-file=" + token, "--project-id=" + PROJECT);

    assertThat(send(token)).isInstanceOf(SendOutcome.Accepted.class);
  }

  /** Runs the steps of the migration guide against a running store. */
  @Test
  void noticesWhatIamChangesWithTheNextCall() throws Exception {
    start("--project-id=" + PROJECT);
    Path token = directory.resolve("token");

    assertThat(iam("create-account", "production-scraper")).isZero();
    assertThat(iam("create-token", "production-scraper", "first", "--token-file=" + token))
        .isZero();
    assertThat(send(token))
        .asString()
        .contains("reason=permission_denied")
        .contains("Profile Writer");
    assertThat(iam("bind-role", "production-scraper", "Profile Writer", "--project-id=" + PROJECT))
        .isZero();
    assertThat(send(token)).isInstanceOf(SendOutcome.Accepted.class);
    assertThat(iam("list")).isZero();
    assertThat(iam("revoke", "production-scraper", "first")).isZero();
    assertThat(send(token)).asString().contains("reason=unauthenticated");

    assertThat(out.toString())
        .contains(
            "service account production-scraper",
            "role Profile Writer in project " + PROJECT,
            "token first (#",
            "revoked first")
        .doesNotContain(Files.readString(token).strip());
  }

  @Test
  void saysWhatIamCannotDo() {
    assertThat(iam("revoke", "nobody", "first")).isEqualTo(1);
    assertThat(err.toString()).contains("there is no service account \"nobody\"");
    assertThat(iam("create-account", "a")).isZero();
    assertThat(iam("bind-role", "a", "Emperor")).isEqualTo(1);
    assertThat(err.toString()).contains("Emperor");
    assertThat(iam("revoke", "a", "first")).isEqualTo(1);
    assertThat(err.toString()).contains("a has no token \"first\"");
    assertThat(iam()).isEqualTo(2);
  }

  private void start(String... more) {
    store = command();
    String[] arguments = new String[more.length + 2];
    arguments[0] = "store";
    arguments[1] = "--dir=" + directory;
    System.arraycopy(more, 0, arguments, 2, more.length);
    int before = out.getBuffer().length();
    CommandLine started = store;
    CompletableFuture<Integer> code =
        CompletableFuture.supplyAsync(() -> started.execute(arguments));
    running = code;
    await()
        .atMost(PATIENCE)
        .until(() -> out.toString().substring(before).contains("ready") || code.isDone());
    assertThat(code).as(err.toString()).isNotDone();
  }

  private int end() throws Exception {
    CompletableFuture<Integer> code = Objects.requireNonNull(running);
    running = null;
    CommandLine command = Objects.requireNonNull(store.getSubcommands().get("store"));
    command.<StoreCommand>getCommand().stop();
    return code.get(30, TimeUnit.SECONDS);
  }

  private int iam(String... more) {
    String[] arguments = new String[more.length + 2];
    arguments[0] = "iam";
    arguments[1] = "--iam-file=" + directory.resolve("iam.json");
    System.arraycopy(more, 0, arguments, 2, more.length);
    return command().execute(arguments);
  }

  private CommandLine command() {
    CommandLine command = Quickstart.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command;
  }

  private SendOutcome send(Path token) throws Exception {
    Matcher address = Pattern.compile("(?s).*store address: +(\\S+)").matcher(out.toString());
    assertThat(address.lookingAt()).isTrue();
    try (TokenSource source = TokenSource.file(token)) {
      ManagedChannel channel =
          StoreChannels.builder(address.group(1))
              .caFile(directory.resolve("ca.pem"))
              .interceptor(PscAuthInterceptor.create(source, PROJECT))
              .build();
      try (GrpcProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build()) {
        return sink.send(
                List.of(
                    RawProfile.of(
                        LabelSet.of("__name__", "process_cpu"), TestProfiles.cpu("main"))))
            .toCompletableFuture()
            .get(30, TimeUnit.SECONDS);
      }
    }
  }
}
