package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.auth.BearerToken;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.IssuedToken;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.Project;
import dev.psc.auth.iam.Role;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.testkit.EmbeddedProfileStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps of the migration guide with the scraper itself, and its check at each of them. */
class MigrationGuideTest {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path directory;
  private Iam iam;
  private Organization acme;
  private Project a;
  private Project b;
  private EmbeddedProfileStore store;
  private HttpServer target;

  private record Result(int status, String out) {}

  @BeforeEach
  void start() throws IOException {
    iam = Iam.inMemory();
    acme = iam.createOrganization("acme", "ada@acme.test");
    a = acme.createProject("a");
    b = acme.createProject("b");
    store = EmbeddedProfileStore.builder().iam(iam).start();
    store.writeAuthority(directory.resolve("ca.pem"));
    target = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] goroutines = goroutines();
    target.createContext(
        "/debug/pprof/goroutine",
        exchange -> {
          exchange.sendResponseHeaders(200, goroutines.length);
          exchange.getResponseBody().write(goroutines);
          exchange.close();
        });
    target.start();
    Files.writeString(
        directory.resolve("scraper.yaml"),
        """
        scrape_configs:
        - job_name: app
          scrape_interval: 500ms
          static_configs:
          - targets: ['127.0.0.1:%d']
          profiling_config:
            pprof_config:
              memory: {enabled: false}
              process_cpu: {enabled: false}
              mutex: {enabled: false}
              block: {enabled: false}
        """
            .formatted(target.getAddress().getPort()));
  }

  @AfterEach
  void stop() {
    target.stop(0);
    store.close();
    iam.close();
  }

  private static byte[] goroutines() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("goroutine", "count");
    int function = profile.function("main.wait", "main.wait", "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 3);
    return profile.build();
  }

  private void token(BearerToken token) throws IOException {
    Files.writeString(directory.resolve("token"), token.reveal() + "\n");
  }

  private List<String> flags(ProjectId project, String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--mode=scraper-only",
                "--config-path=" + directory.resolve("scraper.yaml"),
                "--store-address=" + store.address(),
                "--ca-file=" + directory.resolve("ca.pem"),
                "--bearer-token-file=" + directory.resolve("token"),
                "--grpc-headers=projectID=" + project,
                "--http-address=127.0.0.1:0",
                "--shutdown-timeout=500ms"));
    flags.addAll(List.of(more));
    return flags;
  }

  private ScraperRun scraper(ProjectId project, String... more) throws Exception {
    return ScraperRun.start(
        CommandLineReader.read(flags(project, more).toArray(String[]::new), Map.of()));
  }

  private Result check(List<String> flags) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    List<String> all = new ArrayList<>(flags);
    all.add("--check");
    int status = PscScraper.run(all.toArray(String[]::new), Map.of(), print, print);
    return new Result(status, out.toString(StandardCharsets.UTF_8));
  }

  private void awaitSent(ScraperRun run, int profiles) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(run.store().delivery().snapshot().sent()).isGreaterThanOrEqualTo(profiles);
              assertThat(store.profiles(a.id())).hasSizeGreaterThanOrEqualTo(profiles);
            });
  }

  private static void awaitBlocked(ScraperRun run, String reason) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(run.store().delivery().snapshot().state())
                  .isEqualTo(DeliveryState.BLOCKED);
              assertThat(run.store().delivery().snapshot().stateMessage()).contains(reason);
            });
  }

  @Test
  void theFiveStepsLeadFromAProjectTokenToAServiceAccount() throws Exception {
    IssuedToken<JwtProjectToken> old = acme.createProjectToken(a.id(), "old scraper");
    token(old.token());
    try (ScraperRun run = scraper(a.id(), "--allow-project-token")) {
      awaitSent(run, 1);
    }
    Result refused = check(flags(a.id()));
    assertThat(refused.status()).isEqualTo(1);
    assertThat(refused.out())
        .containsPattern("wrong +token well-formed")
        .contains("Profile Writer");

    ServiceAccount account = acme.createServiceAccount("production-scraper");
    IssuedToken<ServiceAccountToken> issued = acme.createToken(account, "first");
    token(issued.token());
    Result unbound = check(flags(a.id()));
    assertThat(unbound.status()).isEqualTo(1);
    assertThat(unbound.out()).containsPattern("wrong +project permitted");

    acme.bindInProject(Subject.of(account), Role.PROFILE_WRITER.name(), a.id());
    Result bound = check(flags(a.id()));
    assertThat(bound.status()).as(bound.out()).isZero();
    try (ScraperRun run = scraper(a.id())) {
      awaitSent(run, 2);
    }

    try (ScraperRun run = scraper(b.id())) {
      awaitBlocked(run, "permission_denied");
      assertThat(store.profiles(b.id())).isEmpty();
      assertThat(run.store().delivery().snapshot().droppedTotal()).isZero();
    }

    acme.revokeProjectToken(a.id(), old.info());
    token(old.token());
    try (ScraperRun run = scraper(a.id(), "--allow-project-token")) {
      awaitBlocked(run, "unauthenticated");
    }
    assertThat(refused.out() + unbound.out() + bound.out())
        .doesNotContain(issued.token().reveal(), old.token().reveal());
  }

  @Test
  void checkNamesTheStepThatIsWrong() throws Exception {
    ServiceAccount account = acme.createServiceAccount("production-scraper");
    IssuedToken<ServiceAccountToken> issued = acme.createToken(account, "first");
    acme.bind(Subject.of(account), Role.PROFILE_WRITER.name());
    token(issued.token());
    assertThat(check(flags(a.id())).status()).isZero();

    acme.revokeToken(account, issued.info());
    Result revoked = check(flags(a.id()));
    assertThat(revoked.status()).isEqualTo(1);
    assertThat(revoked.out()).containsPattern("wrong +token accepted");

    try (EmbeddedProfileStore plaintext = EmbeddedProfileStore.builder().plaintext().start()) {
      List<String> flags = flags(a.id());
      flags.set(2, "--store-address=" + plaintext.address());
      Result result = check(flags);
      assertThat(result.status()).isEqualTo(1);
      assertThat(result.out()).containsPattern("wrong +TLS").contains("--insecure");
    }

    Files.writeString(directory.resolve("scraper.yaml"), "scrape_configs:\n- job: a\n");
    Result config = check(flags(a.id()));
    assertThat(config.status()).isEqualTo(1);
    assertThat(config.out()).containsPattern("wrong +config").contains(":2:", "job_name");
  }
}
