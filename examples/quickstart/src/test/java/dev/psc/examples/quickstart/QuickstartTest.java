package dev.psc.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(120)
class QuickstartTest {

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void showsTheWorkloadsFunctionsAsTheStoreReceivedThem() throws Exception {
    int code = run("--dir=" + directory, "--seconds=3", "--interval-seconds=1");

    assertThat(out.toString())
        .contains("Received by the store:")
        .contains("process_cpu:")
        .contains("goroutine:")
        .contains("memory:")
        .contains("mutex:")
        .contains("block:")
        .contains("dev.psc.examples.quickstart.Workload.")
        .contains("go tool pprof -top " + directory);
    assertThat(code).isZero();
    for (String name : List.of("process_cpu", "goroutine", "memory", "mutex", "block")) {
      Path page = directory.resolve(name + ".html");
      assertThat(out.toString()).contains(page.toUri().toString());
      assertThat(page).content().contains("<html");
    }
    List<Path> files = files();
    assertThat(files).hasSizeGreaterThanOrEqualTo(5);
    for (Path file : files) {
      try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
        assertThat(in.readAllBytes()).isNotEmpty();
      }
      assertThat(file.resolveSibling("labels.json")).content().contains("\"job\": \"quickstart\"");
    }
    String token = Files.readString(directory.resolve("token")).strip();
    assertThat(out.toString()).doesNotContain(token);
  }

  @Test
  void saysWhyNothingArrivedFromADeadTarget() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }

    int code =
        run(
            "--target=127.0.0.1:" + port,
            "--dir=" + directory,
            "--seconds=1",
            "--interval-seconds=1");

    assertThat(code).isEqualTo(1);
    assertThat(out.toString()).contains("FAILED: no profile arrived", "127.0.0.1:" + port);
    assertThat(files()).isEmpty();
  }

  @Test
  void saysWhyNothingArrivedInAStoreThatRefusesTheToken() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path wrong = directory.resolve("wrong-token");
      TokenFile.write(wrong, ServiceAccountToken.generate(new SecureRandom()));

      int code =
          run(
              "--store-address=" + store.address(),
              "--ca-file=" + store.writeAuthority(directory.resolve("ca.pem")),
              "--bearer-token-file=" + wrong,
              "--project-id=" + store.project(),
              "--dir=" + directory.resolve("copies"),
              "--seconds=1",
              "--interval-seconds=1");

      assertThat(code).isEqualTo(1);
      assertThat(out.toString())
          .contains("FAILED: no profile arrived", "UNAUTHENTICATED", store.address());
      assertThat(store.profileCount()).isZero();
    }
  }

  @Test
  void sendsToAGivenStore() throws Exception {
    ServiceAccountToken token = ServiceAccountToken.generate(new SecureRandom());
    ProjectId project = ProjectId.random();
    Path tokenFile = directory.resolve("given-token");
    TokenFile.write(tokenFile, token);
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().token(token).project(project).plaintext().start()) {

      int code =
          run(
              "--store-address=" + store.address(),
              "--insecure",
              "--bearer-token-file=" + tokenFile,
              "--project-id=" + project,
              "--dir=" + directory.resolve("copies"),
              "--seconds=1",
              "--interval-seconds=1");

      assertThat(out.toString()).contains("Sent (the store cannot be queried)", "Workload.");
      assertThat(code).isZero();
      assertThat(store.profiles(project)).isNotEmpty();
    }
  }

  @Test
  void refusesOptionsThatDoNotBelongTogether() {
    assertThat(run("--bearer-token-file=x")).isEqualTo(2);
    assertThat(err.toString()).contains("require --store-address");
    assertThat(run("--store-address=127.0.0.1:1")).isEqualTo(2);
    assertThat(err.toString()).contains("requires --bearer-token-file and --project-id");
    assertThat(run("--seconds=0")).isEqualTo(2);
  }

  private int run(String... arguments) {
    CommandLine command = Quickstart.commandLine();
    command.setOut(new PrintWriter(out, true));
    command.setErr(new PrintWriter(err, true));
    return command.execute(arguments);
  }

  private List<Path> files() throws Exception {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(file -> file.toString().endsWith(".pb.gz")).toList();
    }
  }
}
