package dev.psc.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.ScrapeLog;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.testing.TestTargets;
import dev.psc.testkit.TestProfiles;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(120)
@Isolated("listens to the log of all loops")
class FlappingTargetsTest {

  private static final int TARGETS = 400;
  private static final byte[] GOOD = TestProfiles.cpu("main");

  private static void awaitAll(Scraper scraper, TargetStatus.Health health) {
    await()
        .atMost(RecordingSink.PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              List<TargetStatus> targets = scraper.snapshot().targets();
              return targets.size() == TARGETS
                  && targets.stream().allMatch(target -> target.health() == health);
            });
  }

  @Test
  void fillNoLogAndTheStatusHasEachFailure() throws Exception {
    AtomicBoolean failing = new AtomicBoolean();
    try (TestServer server =
            TestServer.start(
                call -> {
                  if (failing.get()) {
                    call.answer(500, "text/plain", "no");
                  } else {
                    call.answer(200, "application/octet-stream", GOOD);
                  }
                });
        ScrapeLog log = new ScrapeLog()) {
      List<LabelSet> targets =
          IntStream.range(0, TARGETS)
              .mapToObj(
                  i -> LabelSet.of(TargetGroup.ADDRESS, server.address(), "instance", "i" + i))
              .toList();
      ScrapeJob job =
          TestTargets.job("many")
              .interval(Duration.ofSeconds(1))
              .discovery(
                  new StaticDiscovery(List.of(new TargetGroup("0", targets, LabelSet.empty()))))
              .build();
      long start = System.nanoTime();
      try (Scraper scraper = Scraper.builder().job(job).build()) {
        scraper.start(profile -> new Acceptance.Accepted());
        awaitAll(scraper, TargetStatus.Health.UP);
        for (int i = 0; i < 3; i++) {
          failing.set(true);
          awaitAll(scraper, TargetStatus.Health.DOWN);
          assertThat(scraper.snapshot().targets())
              .allSatisfy(target -> assertThat(target.lastError()).contains("500"));
          failing.set(false);
          awaitAll(scraper, TargetStatus.Health.UP);
        }
      }
      long minutes = Duration.ofNanos(System.nanoTime() - start).toMinutes() + 1;
      assertThat(log.failures()).hasSizeBetween(300, 300 + Math.toIntExact(10 * minutes));
      assertThat(log.messages().stream().filter("Scrape works again"::equals))
          .as("the end of each failure in the log")
          .hasSameSizeAs(log.failures());
    }
  }
}
