package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.profile.JvmProfile;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What does not belong to the application: idle pools, and threads that work for the profiler. */
@Timeout(120)
class QuietThreadsTest {

  private final List<AutoCloseable> open = new ArrayList<>();
  private volatile boolean ended;

  @AfterEach
  void end() throws Exception {
    ended = true;
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  private String get(JvmProfiling profiling, String profile, Map<String, String> query) {
    PprofResponse response =
        profiling.handler().handle(new PprofRequest("GET", "/" + profile, query, Map.of()));
    assertThat(response.status()).isEqualTo(200);
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private void thread(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void napAgainAndAgain() {
    while (!ended) {
      LockSupport.parkNanos(20_000_000);
    }
  }

  @Test
  void waitsOfTheProfilersThreadsAreNotShown() {
    thread("psc-delivery-store", this::napAgainAndAgain);
    thread("psc-token-file", this::napAgainAndAgain);
    for (boolean shown : new boolean[] {false, true}) {
      try (JvmProfiling profiling =
          JvmProfiling.builder()
              .ownThreads(shown)
              .profiles(JvmProfile.defaults().plus(JvmProfile.WALL))
              .start()) {
        Map<String, String> query = Map.of("seconds", "2", "debug", "1");
        for (String profile : List.of("block", "wall")) {
          assertThat(get(profiling, profile, query).contains("napAgainAndAgain"))
              .as(profile + ", shown: " + shown)
              .isEqualTo(shown);
        }
        String threads = get(profiling, "goroutine", Map.of("debug", "1"));
        assertThat(threads.contains("psc-delivery")).isEqualTo(shown);
        assertThat(threads.contains("psc-token-file")).isEqualTo(shown);
      }
    }
  }

  @Test
  void threadsThatWaitForWorkDoNotBlock() throws Exception {
    ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2);
    open.add(scheduler::shutdownNow);
    ScheduledFuture<?> task = scheduler.scheduleAtFixedRate(() -> {}, 0, 30, TimeUnit.MILLISECONDS);
    open.add(() -> task.cancel(true));
    Timer timer = new Timer(true);
    open.add(timer::cancel);
    timer.schedule(
        new TimerTask() {
          @Override
          public void run() {}
        },
        0,
        30);
    thread(
        "futures",
        () -> {
          while (!ended) {
            CountDownLatch passed = new CountDownLatch(1);
            CompletableFuture.delayedExecutor(30, TimeUnit.MILLISECONDS).execute(passed::countDown);
            try {
              passed.await();
            } catch (InterruptedException e) {
              return;
            }
          }
        });
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      String block = get(profiling, "block", Map.of("seconds", "3", "debug", "1"));
      assertThat(block).contains("CountDownLatch.await");
      assertThat(block).doesNotContain("DelayedWorkQueue", "TimerThread", "DelayScheduler");
    }
  }
}
