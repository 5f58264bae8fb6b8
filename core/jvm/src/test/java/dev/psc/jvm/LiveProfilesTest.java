package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.profile.JvmProfile;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What profiles of the running JVM show of planted events. */
class LiveProfilesTest {

  private static JvmProfiling profiling;

  @BeforeAll
  static void start() {
    profiling =
        JvmProfiling.builder()
            .profiles(JvmProfile.defaults().plus(JvmProfile.EXCEPTIONS, JvmProfile.LEAK_SUSPECTS))
            .idleTimeout(Duration.ZERO)
            .start();
    assertThat(get("profile", "1")).contains("profile profile");
  }

  @AfterAll
  static void stop() {
    profiling.close();
  }

  private static String get(String profile, String seconds) {
    PprofResponse response =
        profiling
            .handler()
            .handle(
                new PprofRequest(
                    "GET",
                    "/debug/pprof/" + profile,
                    Map.of("seconds", seconds, "debug", "1"),
                    Map.of()));
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static CompletableFuture<String> getLater(String profile, String seconds) {
    return CompletableFuture.supplyAsync(
        () -> get(profile, seconds), task -> new Thread(task, "request").start());
  }

  private static final class PlannedException extends IllegalStateException {
    private static final long serialVersionUID = 1;

    PlannedException() {
      super("planned");
    }
  }

  /** Throws in a constructor, which is not one of the exception. */
  private static final class Thrower {
    Thrower() {
      throw new PlannedException();
    }
  }

  @Test
  void anExceptionIsTheLeafAndTheThrowingMethodItsCaller() {
    CompletableFuture<String> profile = getLater("exceptions", "2");
    while (!profile.isDone()) {
      assertThatThrownBy(Thrower::new).isInstanceOf(PlannedException.class);
    }
    String[] lines = profile.join().split("\n", -1);
    int leaf = 0;
    while (!lines[leaf].startsWith("#\t" + PlannedException.class.getName())) {
      leaf++;
    }
    assertThat(lines[leaf - 1]).as("the line of the count").matches("\\d+");
    assertThat(lines[leaf + 1]).startsWith("#\t" + Thrower.class.getName() + ".<init>");
  }

  @Test
  void aRequestForAProfileIsNotInBlock() throws Exception {
    CompletableFuture<String> block = getLater("block", "4");
    CompletableFuture<String> other = getLater("profile", "1");
    CountDownLatch never = new CountDownLatch(1);
    assertThat(plantedWait(never)).isFalse();
    other.get(60, TimeUnit.SECONDS);
    assertThat(block.get(60, TimeUnit.SECONDS))
        .contains("LiveProfilesTest.plantedWait")
        .doesNotContain("PprofHandler.handle");
  }

  private static boolean plantedWait(CountDownLatch never) throws InterruptedException {
    return never.await(1_500, TimeUnit.MILLISECONDS);
  }

  @Test
  void nativeMemoryOfTheRunningJvmIsRejected() {
    assertThatThrownBy(() -> JvmProfiling.builder().profiles(JvmProfile.NATIVE_MEMORY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("native_memory")
        .hasMessageContaining("recordings of async-profiler");
    assertThatThrownBy(
            () -> JvmProfiling.builder().environment(Map.of("PSC_PROFILES", "cpu,native_memory")))
        .hasMessageContaining("PSC_PROFILES must not contain native_memory");
    assertThatThrownBy(
            () -> profiling.reconfigure(JvmProfile.defaults().plus(JvmProfile.NATIVE_MEMORY)))
        .hasMessageContaining("native_memory");
    assertThat(get("native_memory", "1"))
        .contains("the running JVM does not record it")
        .doesNotContain("add NATIVE_MEMORY");
  }
}
