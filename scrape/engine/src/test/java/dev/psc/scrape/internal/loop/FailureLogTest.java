package dev.psc.scrape.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.testing.ScrapeLog;
import dev.psc.scrape.testing.TestTargets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("listens to the log of all loops")
class FailureLogTest {

  private static final ScrapeJob JOB = TestTargets.job("a").build();
  private static final Duration INTERVAL = JOB.interval();
  private static final String FAILED = "Scrape failed: returned 500";
  private static final String WORKS = "Scrape works again";

  private final VirtualTime time = new VirtualTime();
  private final ScrapeLog log = new ScrapeLog();

  @AfterEach
  void close() {
    log.close();
  }

  private void works() {
    handled(ScrapeOutcome.OK, "");
  }

  private void fails() {
    handled(ScrapeOutcome.STATUS, "returned 500");
  }

  private void handled(ScrapeOutcome outcome, String message) {
    time.handled = new ProfileHandler.Handled(outcome, outcome.reason(), message, 0);
  }

  private void targets(int count) {
    time.loops.sync("a", TestTargets.of(JOB, 0, count));
  }

  @Test
  void logsAFailureWhenItIsNewWhenItChangesAndHourly() {
    targets(1);
    fails();
    time.advance(Duration.ofMinutes(150));
    assertThat(log.messages()).hasSize(3).allMatch(FAILED::equals);
    handled(ScrapeOutcome.EMPTY, "empty response");
    time.advance(Duration.ofMinutes(10));
    works();
    time.advance(Duration.ofMinutes(10));
    assertThat(log.messages()).hasSize(5).endsWith("Scrape failed: empty response", WORKS);
    assertThat(log.lines().get(4).getKeyValuePairs())
        .extracting(pair -> pair.key + "=" + pair.value)
        .contains("job=a", "reason=empty");
  }

  @Test
  void logsADeadTargetOnceWhateverItsNumberOfProfilesAndAgainWhenAllOfThemWork() {
    ScrapeJob job = ScrapeJob.builder("dead").build();
    List<Target> profiles = TestTargets.of(job, List.of("host:1"));
    assertThat(profiles).hasSize(5);
    time.loops.sync("dead", profiles);
    handled(ScrapeOutcome.REFUSED, "refused");
    time.advance(Duration.ofMinutes(2));
    assertThat(log.lines()).hasSize(1);
    assertThat(log.lines().get(0).getKeyValuePairs())
        .extracting(pair -> pair.key)
        .containsExactly("job", "target", "profile", "reason", "duration");
    works();
    time.advance(Duration.ofMinutes(2));
    assertThat(log.messages()).containsExactly("Scrape failed: refused", WORKS);
    handled(ScrapeOutcome.NOT_FOUND, "404");
    time.advance(Duration.ofMinutes(2));
    assertThat(log.lines()).as("a profile that is missing is its own failure").hasSize(7);
    time.loops.sync("dead", List.of());
    time.loops.sync("dead", profiles);
    time.advance(Duration.ofMinutes(2));
    assertThat(log.lines()).as("removed targets are forgotten").hasSize(12);
  }

  @Test
  void logsEveryChangeOfAFewTargets() {
    targets(3);
    for (int i = 0; i < 100; i++) {
      fails();
      time.advance(INTERVAL);
      works();
      time.advance(INTERVAL);
    }
    assertThat(log.byTarget())
        .hasSize(3)
        .allSatisfy((target, lines) -> assertThat(lines).hasSize(200).startsWith(FAILED, WORKS));
    assertThat(log.lines()).hasSize(600);
  }

  @Test
  void limitsTheLinesOfAThousandTargetsThatFlapAndCountsTheOthers() {
    targets(1_000);
    for (int i = 0; i < 90; i++) {
      fails();
      time.advance(INTERVAL);
      works();
      time.advance(INTERVAL);
    }
    assertThat(log.failures()).hasSizeBetween(500, 600);
    assertThat(log.byTarget())
        .allSatisfy(
            (target, lines) -> {
              assertThat(lines).hasSizeLessThanOrEqualTo(180);
              for (int i = 0; i < lines.size(); i++) {
                assertThat(lines.get(i)).isEqualTo(i % 2 == 0 ? FAILED : WORKS);
              }
              assertThat(lines.size() % 2).as("the end is logged, too").isZero();
            });
    assertThat(log.leftOut()).hasSizeBetween(20, 30);
    time.advance(Duration.ofMinutes(2));
    assertThat(log.leftOut().stream().mapToLong(Long::longValue).sum() + log.failures().size())
        .isEqualTo(90_000);
    assertThat(log.messages().get(log.lines().size() - 1))
        .contains("at most 300 are logged at once and 10 a minute")
        .contains("Scraper.snapshot()")
        .contains("/api/status");
  }

  @Test
  void logsEachFailureThatLastsBeforeOthersAreLoggedAgain() {
    targets(1_500);
    fails();
    time.advance(INTERVAL);
    assertThat(log.byTarget()).hasSizeBetween(300, 302);
    time.advance(Duration.ofMinutes(30));
    assertThat(log.byTarget()).as("ten a minute").hasSizeBetween(598, 604);
    time.advance(Duration.ofMinutes(95));
    assertThat(log.byTarget()).hasSize(1_500);
    assertThat(log.lines()).as("the hourly ones wait").hasSizeLessThan(1_600);
    assertThat(log.leftOut()).as("once each").hasSize(1).allMatch(count -> count <= 1_200);
  }

  @Test
  void logsTheEndOfAFailureOnlyIfTheLogHasTheFailure() {
    targets(1_000);
    fails();
    time.advance(INTERVAL);
    Map<String, List<String>> failed = log.byTarget();
    handled(ScrapeOutcome.EMPTY, "empty response");
    time.advance(INTERVAL);
    works();
    time.advance(INTERVAL);
    assertThat(log.byTarget()).hasSizeLessThan(310);
    assertThat(log.byTarget())
        .containsKeys(failed.keySet().toArray(String[]::new))
        .allSatisfy((target, lines) -> assertThat(lines).endsWith(WORKS).containsOnlyOnce(WORKS));
    assertThat(log.lines().stream().filter(line -> line.getFormattedMessage().equals(WORKS)))
        .extracting((ILoggingEvent line) -> ScrapeLog.value(line, "reason"))
        .as("the reason in the log")
        .contains("status");
  }
}
