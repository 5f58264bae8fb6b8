package dev.psc.jvm;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class OnDemandCaptureTest {

  private static final Duration LONG = Duration.ofMinutes(1);
  private static final String NOT_RUNNING =
      "not running; the next request for an event profile starts it";

  private static JvmProfiling.Builder served() {
    return JvmProfiling.builder()
        .profiles(JvmProfile.defaults().plus(JvmProfile.EXCEPTIONS))
        .interval(Duration.ofMinutes(10));
  }

  private static Profile get(JvmProfiling profiling, String path, Map<String, String> query)
      throws Exception {
    return HardProgram.get(profiling, path, query);
  }

  private static String index(JvmProfiling profiling) {
    PprofRequest request = new PprofRequest("GET", "/debug/pprof/", Map.of(), Map.of());
    return new String(profiling.handler().handle(request).body(), UTF_8);
  }

  private static List<String> labels(Profile profile) {
    return profile.samples().stream()
        .flatMap(sample -> sample.labels().stream())
        .map(label -> label.toString())
        .toList();
  }

  private static void allocateUntil(AtomicBoolean enough) {
    List<byte[]> kept = new ArrayList<>();
    while (!enough.get()) {
      kept.add(new byte[100_000]);
      if (kept.size() == 10) {
        kept.clear();
      }
    }
  }

  @Test
  void capturesNothingUntilARequestNeedsEvents() throws Exception {
    AtomicBoolean enough = new AtomicBoolean();
    Thread allocating = new Thread(() -> allocateUntil(enough), "allocating");
    try (JvmProfiling profiling = served().start()) {
      get(profiling, "goroutine", Map.of());
      assertThat(index(profiling)).contains(NOT_RUNNING);
      assertThat(profiling.status().unavailable()).isEmpty();
      allocating.start();
      Profile allocations = get(profiling, "allocs", Map.of());
      assertThat(allocations.total(1)).isPositive();
      assertThat(allocations.comments())
          .anyMatch(
              comment ->
                  comment.startsWith("counted since 20")
                      && comment.endsWith("300 s without one end it (idleTimeout)"));
      assertThat(profiling.status().capture()).isPresent();
    } finally {
      enough.set(true);
      allocating.join();
    }
  }

  @Test
  void endsWithoutRequestsAndStartsAgain() throws Exception {
    try (JvmProfiling profiling = served().idleTimeout(Duration.ofSeconds(1)).start()) {
      for (int i = 0; i < 2; i++) {
        assertThat(get(profiling, "exceptions", Map.of()).comments())
            .anyMatch(comment -> comment.startsWith("counted since"));
        await().atMost(LONG).until(() -> profiling.status().capture().isEmpty());
        assertThat(index(profiling)).contains(NOT_RUNNING);
      }
    }
  }

  @Test
  void doesNotEndDuringARequest() throws Exception {
    try (JvmProfiling profiling = served().idleTimeout(Duration.ofSeconds(1)).start()) {
      CountDownLatch done = new CountDownLatch(1);
      Thread burning =
          new Thread(
              () -> {
                while (done.getCount() > 0) {
                  TruthProgram.burnShort(10_000_000);
                }
              },
              "burning");
      burning.start();
      Profile cpu = get(profiling, "profile", Map.of("seconds", "3"));
      done.countDown();
      burning.join();
      assertThat(cpu.total(1)).isPositive();
      assertThat(cpu.durationNanos()).isGreaterThan(2_900_000_000L);
      boolean incomplete =
          cpu.comments().stream().anyMatch(comment -> comment.contains("jdk.ExecutionSample"));
      assertThat(
              cpu.comments().stream()
                  .filter(
                      comment -> comment.matches("coverage: samples represent [0-9]{1,3} % of .*")))
          .hasSize(incomplete ? 1 : 0);
    }
  }

  @Test
  void labelsOfScopesThatAreOpenAlreadyAreKnown() throws Exception {
    CountDownLatch open = new CountDownLatch(1);
    AtomicBoolean enough = new AtomicBoolean();
    Thread consumer =
        new Thread(
            () -> {
              ProfileLabels.Scope scope = ProfileLabels.scope(LabelSet.of("topic", "payments"));
              open.countDown();
              while (!enough.get()) {
                TruthProgram.burnShort(10_000_000);
              }
              scope.close();
            },
            "consumer");
    try (JvmProfiling profiling = served().start()) {
      consumer.start();
      open.await();
      Profile cpu = get(profiling, "profile", Map.of("seconds", "2"));
      assertThat(labels(cpu)).anyMatch(label -> label.contains("payments"));
    } finally {
      enough.set(true);
      consumer.join();
    }
  }

  @Test
  void capturesAllTheTimeOnRequestAndForPushing() throws Exception {
    List<JvmProfiling.Builder> builders =
        List.of(
            served().idleTimeout(Duration.ZERO),
            served().receiver(profile -> new Acceptance.Accepted()));
    for (JvmProfiling.Builder builder : builders) {
      try (JvmProfiling profiling = builder.start()) {
        await().atMost(LONG).until(() -> profiling.status().capture().isPresent());
      }
    }
  }
}
