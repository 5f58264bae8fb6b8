package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.jvm.internal.dump.VirtualThreads;
import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import java.io.BufferedReader;
import java.io.StringReader;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

class VirtualThreadsTest {

  @Test
  void readsWhatJdk21AndWhatJdk25Write() throws Exception {
    List<VirtualThreads.Virtual> found = new ArrayList<>();
    VirtualThreads.read(
        new BufferedReader(
            new StringReader(
                """
                15049
                25.0.3+9-LTS

                #3 "main" RUNNABLE 2026-11-25T10:13:38.872118701Z
                    at java.base/java.lang.Thread.sleep0(Native Method)

                #23 "v"q-0" virtual WAITING 2026-11-25T10:13:38.906755551Z
                    at java.base/java.lang.Object.wait0(Native Method)
                    - waiting on <java.lang.Class@6973bf95>
                    at app//shop.Orders.lambda$take$0(Orders.java:12)
                    at shop.Orders$$Lambda/0x00007f0a1c000000.run(Unknown Source)

                #24 "" virtual
                      java.base/java.lang.VirtualThread.park(VirtualThread.java:582)
                """)),
        found::add);
    assertThat(found).hasSize(2);
    assertThat(found.get(0).state()).isEqualTo("WAITING");
    assertThat(found.get(0).stack())
        .extracting(StackTraceElement::getClassName, StackTraceElement::getLineNumber)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("java.lang.Object", -1),
            org.assertj.core.groups.Tuple.tuple("shop.Orders", 12),
            org.assertj.core.groups.Tuple.tuple("shop.Orders$$Lambda/0x00007f0a1c000000", -1));
    assertThat(found.get(1).state()).isEmpty();
    assertThat(found.get(1).stack().get(0).getFileName()).isEqualTo("VirtualThread.java");
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_21)
  void areInTheProfileWhenAskedFor() throws Exception {
    CountDownLatch ready = new CountDownLatch(50);
    CountDownLatch end = new CountDownLatch(1);
    Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
    for (int i = 0; i < 50; i++) {
      start.invoke(null, (Runnable) () -> waitThere(ready, end));
    }
    ready.await();
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      String with = get(profiling, Map.of("debug", "1", "virtual", "1"));
      assertThat(with).contains("VirtualThreadsTest.waitThere", "thread_pool=virtual");
      String without = get(profiling, Map.of("debug", "1"));
      assertThat(without).doesNotContain("VirtualThreadsTest.waitThere");
    } finally {
      end.countDown();
    }
  }

  private static void waitThere(CountDownLatch ready, CountDownLatch end) {
    ready.countDown();
    try {
      end.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String get(JvmProfiling profiling, Map<String, String> query) {
    PprofResponse response =
        profiling
            .handler()
            .handle(new PprofRequest("GET", "/debug/pprof/goroutine", query, Map.of()));
    assertThat(response.status()).isEqualTo(200);
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_20)
  void olderJdksSayThatTheyHaveNone() {
    assertThatThrownBy(() -> VirtualThreads.forEach(thread -> {}))
        .isInstanceOf(CaptureUnavailableException.class)
        .hasMessageContaining("JDK 21 or later");
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      PprofResponse response =
          profiling
              .handler()
              .handle(
                  new PprofRequest(
                      "GET", "/debug/pprof/goroutine", Map.of("virtual", "1"), Map.of()));
      assertThat(response.status()).isEqualTo(501);
    }
  }
}
