package dev.psc.examples.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import dev.psc.testkit.TestProfiles;
import dev.psc.testkit.contract.ProfileTransformContract;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class CustomScraperTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;
  private HttpServer server;
  private Path fleet;

  @BeforeEach
  void serveProfiles() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    answer("/debug/pprof/allocs", TestProfiles.cpu("allocating"));
    answer("/debug/pprof/profile", TestProfiles.cpu("idling", 0, Instant.now()));
    server.start();
    fleet = directory.resolve("fleet.csv");
    Files.writeString(fleet, "# inventory\n" + address() + ",checkout,payments\n");
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(String path, byte[] profile) {
    server.createContext(
        path,
        exchange -> {
          exchange.sendResponseHeaders(200, profile.length);
          try (var body = exchange.getResponseBody()) {
            body.write(profile);
          }
        });
  }

  private String address() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  private Path out() {
    return directory.resolve("out");
  }

  private long files() throws IOException {
    if (!Files.exists(out())) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(out())) {
      return all.filter(file -> file.toString().endsWith(".pb.gz")).count();
    }
  }

  @Test
  void sendsTheFleetsProfilesToBothSinksAndHoldsIdleOnesBack() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      Path token = directory.resolve("token");
      Files.writeString(token, store.token().reveal() + "\n");
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      try (CustomScraper scraper =
          CustomScraper.start(
              Arguments.read(
                  "--fleet=" + fleet,
                  "--directory=" + out(),
                  "--store-address=" + store.address(),
                  "--bearer-token-file=" + token,
                  "--project-id=" + store.project(),
                  "--ca-file=" + authority,
                  "--interval-seconds=1"))) {
        await().atMost(PATIENCE).until(() -> files() >= 2 && store.profileCount() >= 2);
        await().atMost(PATIENCE).until(() -> scraper.report().contains("returned 404"));
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    scraper.scraper().snapshot().targets().stream()
                        .flatMap(target -> target.last().stream())
                        .anyMatch(report -> report.reason().equals("idle")));
        StoredProfile stored = store.profiles().get(0);
        assertThat(stored.labels().toMap())
            .containsEntry("__name__", "memory")
            .containsEntry("job", "fleet")
            .containsEntry("service", "checkout")
            .containsEntry("team", "payments")
            .containsEntry("region", "eu-1")
            .containsEntry("instance", address());
        assertThat(store.profiles())
            .allMatch(profile -> !"process_cpu".equals(profile.labels().get("__name__")));
        assertThat(scraper.report()).contains("directory: ").contains(" sent, ");
      }
    }
  }

  @Test
  void followsTheInventoryAndKeepsItsTargetsWhileTheListIsBroken() throws Exception {
    try (CustomScraper scraper =
        CustomScraper.start(
            Arguments.read("--fleet=" + fleet, "--directory=" + out(), "--interval-seconds=1"))) {
      await().atMost(PATIENCE).until(() -> files() >= 1);
      Files.writeString(fleet, address() + ",checkout\n");
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  scraper.scraper().snapshot().jobs().get(0).discoveries().get(0).error().stream()
                      .anyMatch(
                          error -> error.contains("line 1: expected host:port,service,team")));
      assertThat(scraper.scraper().snapshot().targets()).hasSize(5);
      Files.writeString(fleet, "");
      await().atMost(PATIENCE).until(() -> scraper.scraper().snapshot().targets().isEmpty());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--nonsense, unknown option --nonsense",
    "--fleet, needs a value",
    "--fleet=x, --directory is missing",
  })
  void saysWhatIsWrongWithAnArgument(String argument, String message) {
    assertThatThrownBy(() -> Arguments.read(argument))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
    assertThat(Arguments.read("--help").help()).isTrue();
  }

  @Nested
  class DropIdleContract extends ProfileTransformContract {
    @Override
    protected ProfileTransform transform() {
      return new DropIdle(Duration.ofMillis(5));
    }
  }

  @Test
  void whatIsBusyPasses() {
    List<Integer> samples = List.of(0, 1);
    for (int count : samples) {
      ProfileTransform.Result result =
          new DropIdle(Duration.ofMillis(5))
              .apply(
                  dev.psc.delivery.spi.RawProfile.of(
                      dev.psc.label.LabelSet.of("__name__", "process_cpu"),
                      TestProfiles.cpu("main", count, Instant.now())));
      assertThat(result)
          .isInstanceOf(
              count == 0
                  ? ProfileTransform.Result.Withhold.class
                  : ProfileTransform.Result.Pass.class);
    }
  }
}
