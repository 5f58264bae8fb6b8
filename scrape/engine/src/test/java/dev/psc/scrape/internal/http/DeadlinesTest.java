package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeadlinesTest {

  private final ScheduledThreadPoolExecutor scheduler = new ScheduledThreadPoolExecutor(1);
  private final Deadlines deadlines = new Deadlines(scheduler);
  private final List<String> passed = new CopyOnWriteArrayList<>();

  @AfterEach
  void stop() {
    scheduler.shutdownNow();
  }

  private Deadlines.Deadline in(long millis, String name) {
    return deadlines.add(TimeUnit.MILLISECONDS.toNanos(millis), () -> passed.add(name));
  }

  private void awaitPassed(String... names) {
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(passed).containsExactly(names));
  }

  @Test
  void runsInTheOrderOfTime() {
    in(300, "third");
    in(100, "first");
    in(200, "second");

    awaitPassed("first", "second", "third");
    await().atMost(Duration.ofSeconds(20)).until(() -> scheduler.getQueue().isEmpty());
  }

  @Test
  void doesNotRunWhatWasCancelled() {
    Deadlines.Deadline cancelled = in(50, "cancelled");
    in(100, "later");
    cancelled.cancel();

    awaitPassed("later");
  }

  @Test
  void survivesAnActionThatFails() {
    deadlines.add(
        0,
        () -> {
          throw new IllegalStateException("on purpose");
        });
    in(50, "later");

    awaitPassed("later");
  }

  @Test
  void schedulesOneCheckForManyDeadlinesThatAreCancelled() {
    for (int i = 0; i < 1_000; i++) {
      in(60_000 + i, "request").cancel();
    }
    assertThat(scheduler.getQueue()).hasSize(1);

    in(50, "earlier");
    awaitPassed("earlier");
  }
}
