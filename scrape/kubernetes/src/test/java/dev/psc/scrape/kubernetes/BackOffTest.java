package dev.psc.scrape.kubernetes;

import static dev.psc.scrape.kubernetes.Objects.PODS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often a server with a fault is asked, and what is shown meanwhile. */
class BackOffTest {

  /** Fast, but with real steps of back-off. */
  private static final Timing TIMING =
      Timings.of(
          Duration.ofMillis(50),
          Duration.ofMillis(1600),
          Duration.ofSeconds(60),
          Duration.ofSeconds(20),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30));

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
    fixture.close();
    api.close();
  }

  private RecordingSink start(KubernetesDiscovery settings, Timing timing) {
    ClusterEnvironment nowhere = new ClusterEnvironment("", "", directory);
    return fixture.start(new KubernetesWatch(settings, fixture.context(), nowhere, timing));
  }

  private RecordingSink start() {
    return start(pods().build(), TIMING);
  }

  private KubernetesDiscovery.Builder pods() {
    return KubernetesDiscovery.builder(KubernetesRole.POD).apiServer(api.uri());
  }

  private static void eventually(ThrowingRunnable assertion) {
    await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }

  /** Attempts after 50, 100, 200, 400, 800, 1600, 1600, ... ms, each 25 % shorter at the least. */
  private static long mostAttempts(Duration span) {
    long left = span.toMillis();
    long attempts = 1;
    for (long pause = 50; left > 0; pause = Math.min(1600, pause * 2)) {
      left -= pause * 3 / 4;
      attempts++;
    }
    return attempts;
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503, 404})
  void aRefusedWatchBacksOffWithoutListingAgain(int status) {
    api.watchStatus = status;
    long began = System.nanoTime();
    RecordingSink sink = start();
    sink.awaitFailure(failure -> failure.contains("returned " + status));
    eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(6));
    Duration span = Duration.ofNanos(System.nanoTime() - began);
    assertThat(api.watches("pods")).isLessThanOrEqualTo(mostAttempts(span));
    assertThat(api.lists("pods")).isEqualTo(1);
    assertThat(sink.failure()).as("a list does not hide it").isNotEmpty();

    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    api.watchStatus = 0;
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    sink.awaitFailure(String::isEmpty);
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aWatchThatEndsAfterEachEventDoesNotLoop() {
    api.endWatches = true;
    long began = System.nanoTime();
    RecordingSink sink = start();
    sink.awaitFailure(failure -> failure.contains("ends each watch immediately"));
    eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(6));
    Duration span = Duration.ofNanos(System.nanoTime() - began);
    assertThat(api.watches("pods")).isLessThanOrEqualTo(mostAttempts(span));
    api.endWatches = false;
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void retryAfterIsHonoured() {
    api.watchStatus = 429;
    api.retryAfterSeconds = 2;
    RecordingSink sink = start();
    sink.awaitFailure(failure -> failure.contains("returned 429"));
    long began = System.nanoTime();
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(2));
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(1500));
  }

  @Test
  void aPauseDoublesIsBoundedAndNeverShorterThanRetryAfter() {
    Timing timing = Timing.DEFAULT;
    assertThat(timing.pause(1, false, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(1));
    assertThat(timing.pause(4, false, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(8));
    assertThat(timing.pause(99, false, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(30));
    assertThat(timing.pause(1, false, Duration.ofSeconds(10), 0)).isEqualTo(Duration.ofSeconds(10));
    assertThat(timing.pause(1, false, Duration.ofDays(10), 1)).isEqualTo(Duration.ofMinutes(5));
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void aDenialAfterASuccessIsTransient(int status) {
    RecordingSink sink = start();
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.watchStatus = status;
    api.dropWatches();
    sink.awaitFailure(failure -> failure.contains("returned " + status));
    api.watchStatus = 0;
    // Far earlier than the pause of 60 s after a denial.
    sink.awaitFailure(String::isEmpty);
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aLastingDenialIsRetriedSlowly() {
    RecordingSink sink = start();
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.watchStatus = 403;
    api.dropWatches();
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(5));
    // The next one with ordinary back-off would come after 800 ms at the most.
    await()
        .during(Duration.ofMillis(1500))
        .atMost(Duration.ofSeconds(30))
        .until(() -> api.watches("pods") == 5);
  }

  @Test
  void aRotatedTokenEndsThePauseAfterADenial() throws IOException {
    Path token = directory.resolve("token");
    Files.writeString(token, "first\n");
    api.token = "second";
    HttpSettings http =
        HttpSettings.builder()
            .credentials(new Credentials.Header("Bearer", SecretSource.file(token)))
            .build();
    RecordingSink sink = start(pods().http(http).build(), TIMING);
    sink.awaitFailure(failure -> failure.contains("401"));
    assertThat(sink.failure()).contains("check authorization, basic_auth or tls_config.cert_file");
    Path rotated = directory.resolve("token.new");
    Files.writeString(rotated, "second\n");
    Files.move(rotated, token, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    long began = System.nanoTime();
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void anEventThatCannotBeReadIsSkippedByAList() {
    RecordingSink sink = start();
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    // Each watch from this version begins with it.
    api.watchStart = "{\"type\":\"ADDED\",\"object\":{\"metadata\":[1]}}\n";
    api.dropWatches();
    eventually(() -> assertThat(api.lists("pods")).isGreaterThanOrEqualTo(2));
    assertThat(api.watches("pods")).isGreaterThanOrEqualTo(5);
    api.watchStart = "";
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void aLargeListIsCompressed() {
    for (int i = 0; i < 400; i++) {
      api.put(PODS, Objects.pod("p" + i, "10.1." + i / 250 + "." + (i % 250 + 1)));
    }
    RecordingSink sink = start();
    eventually(() -> assertThat(sink.addresses()).hasSize(401));
    assertThat(api.compressed.get()).isEqualTo(1);
  }
}
