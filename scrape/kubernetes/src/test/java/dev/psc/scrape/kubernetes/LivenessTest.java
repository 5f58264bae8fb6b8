package dev.psc.scrape.kubernetes;

import static dev.psc.scrape.kubernetes.Objects.PODS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How soon a connection that died without a sign is noticed, and a server that moved. */
class LivenessTest {

  private FakeApiServer api;
  private DiscoveryFixture fixture;

  @TempDir Path directory;

  @BeforeEach
  void serve() throws IOException {
    api = new FakeApiServer();
    fixture = new DiscoveryFixture();
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
  }

  @AfterEach
  void stop() {
    api.stalled = false;
    fixture.close();
    api.close();
  }

  private RecordingSink start(KubernetesDiscovery settings, Timing timing) {
    ClusterEnvironment nowhere = new ClusterEnvironment("", "", directory);
    return fixture.start(new KubernetesWatch(settings, fixture.context(), nowhere, timing));
  }

  private KubernetesDiscovery pods() {
    return KubernetesDiscovery.builder(KubernetesRole.POD).apiServer(api.uri()).build();
  }

  private static void eventually(ThrowingRunnable assertion) {
    await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }

  private static Timing timing(int quietMillis, int probeMillis, int silenceMillis) {
    return new Timing(
        Duration.ofMillis(50),
        Duration.ofMillis(200),
        Duration.ofSeconds(60),
        Duration.ofMillis(500),
        Duration.ofMinutes(5),
        Duration.ofSeconds(30),
        new Timing.Liveness(
            Duration.ofMillis(quietMillis),
            Duration.ofMillis(probeMillis),
            Duration.ofMillis(silenceMillis),
            Duration.ofMillis(50),
            Duration.ofMillis(20)));
  }

  private long probes() {
    return api.requests.stream().filter(request -> request.equals("/livez")).count();
  }

  @Test
  void aServerThatNoLongerAnswersIsNoticedByAProbeAndFollowedAfterwards() {
    RecordingSink sink = start(pods(), timing(300, 300, 60_000));
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.stalled = true;
    sink.awaitFailure(failure -> failure.contains("did not respond to a probe"));
    api.stalled = false;
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    sink.awaitFailure(String::isEmpty);
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aQuietClusterIsProbedAndItsWatchKept() {
    RecordingSink sink = start(pods(), timing(100, 5_000, 60_000));
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(probes()).isGreaterThanOrEqualTo(4));
    assertThat(api.watches("pods")).isEqualTo(1);
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void silenceEndsAWatchOnceBookmarksWereSeen() {
    RecordingSink sink = start(pods(), timing(60_000, 5_000, 400));
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.bookmark(PODS);
    // The second watch has not seen any yet, but this server sends them.
    eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(3));
    assertThat(api.lists("pods")).isEqualTo(1);
    assertThat(sink.failures()).as("reopening is not an error").isEmpty();
  }

  @Test
  void silenceWithoutBookmarksKeepsAWatch() {
    RecordingSink sink = start(pods(), timing(60_000, 5_000, 200));
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(30))
        .until(() -> api.watches("pods") == 1);
  }

  @Test
  void watchesEndAfterFiveToTenMinutesEachAtAnotherTime() {
    Timing timing = Timing.DEFAULT;
    assertThat(timing.watchTimeout(0)).isEqualTo(Duration.ofMinutes(5));
    assertThat(timing.watchTimeout(0.5)).isEqualTo(Duration.ofSeconds(450));
    assertThat(timing.watchTimeout(0.999)).isLessThanOrEqualTo(Duration.ofMinutes(10));
    start(pods(), timing(60_000, 5_000, 60_000));
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    for (int i = 2; i <= 6; i++) {
      int watches = i;
      api.dropWatches();
      eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(watches));
    }
    Pattern seconds = Pattern.compile("timeoutSeconds=(\\d+)");
    List<Long> asked =
        api.requests.stream()
            .map(seconds::matcher)
            .filter(Matcher::find)
            .map(match -> Long.parseLong(match.group(1)))
            .toList();
    assertThat(asked).allMatch(value -> value >= 300 && value <= 600);
    assertThat(asked.stream().distinct().count()).isGreaterThan(1);
  }

  @Test
  void aRequestEachThirtySecondsAtMostFindsAStallWithinAMinute() {
    Timing.Liveness liveness = Timing.Liveness.DEFAULT;
    Duration worst = liveness.quiet().plus(liveness.interval()).plus(liveness.probe());
    assertThat(worst).isLessThanOrEqualTo(Duration.ofSeconds(60));
    assertThat(liveness.silence()).isBetween(Duration.ofMinutes(2), Duration.ofMinutes(3));
  }

  private void kubeconfig(Path file, FakeApiServer server, String token) throws IOException {
    Path next = directory.resolve("next");
    Files.writeString(
        next,
        """
        current-context: here
        contexts: [{name: here, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: "%s"}}]
        """
            .formatted(server.uri(), token));
    Files.move(next, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aKubeconfigOfAnotherServerIsNoticedWhileTheOldOneIsAway() throws IOException {
    Path file = directory.resolve("config");
    kubeconfig(file, api, "t");
    // Without a change of the file, the next attempt would come after 10 minutes.
    Timing slow =
        Timings.of(
            Duration.ofMinutes(10),
            Duration.ofMinutes(10),
            Duration.ofMinutes(10),
            Duration.ofSeconds(20),
            Duration.ofMinutes(5),
            Duration.ofSeconds(30));
    RecordingSink sink =
        start(KubernetesDiscovery.builder(KubernetesRole.POD).kubeconfigFile(file).build(), slow);
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.close();
    sink.awaitFailure(failure -> failure.contains("connection refused"));
    assertThat(sink.failure())
        .contains("check that the API server is running, and the cluster's server in kubeconfig")
        .doesNotContain("target");
    try (FakeApiServer moved = new FakeApiServer()) {
      moved.put(PODS, Objects.pod("b", "10.0.0.2"));
      kubeconfig(file, moved, "t");
      sink.awaitAddresses("10.0.0.2:6060");
      sink.awaitFailure(String::isEmpty);
    }
  }
}
