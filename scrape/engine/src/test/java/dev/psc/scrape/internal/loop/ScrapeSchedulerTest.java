package dev.psc.scrape.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestTargets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScrapeSchedulerTest {

  private static final ScrapeJob JOB = TestTargets.job("a").build();
  private static final Duration INTERVAL = JOB.interval();

  private final VirtualTime time = new VirtualTime();
  private final List<Target> targets = TestTargets.of(JOB, 0, 1_000);
  private final Target one = targets.get(0);

  private void only(Target target) {
    time.loops.sync("a", List.of(target));
  }

  private long phase(long nanos) {
    return Math.floorMod(nanos, INTERVAL.toNanos());
  }

  private Map<Target, Long> phases(VirtualTime of) {
    of.loops.sync("a", targets);
    of.advance(INTERVAL);
    Map<Target, Long> phases = new HashMap<>();
    of.begun.forEach(begun -> phases.put(begun.target(), phase(begun.nanos())));
    return phases;
  }

  @Test
  void scrapesEveryTargetOnceAnIntervalAtItsOwnSteadyMoment() {
    time.loops.sync("a", targets);
    time.advance(INTERVAL.multipliedBy(6));
    Map<Target, Set<Long>> phases = new HashMap<>();
    time.begun.forEach(
        begun ->
            phases
                .computeIfAbsent(begun.target(), unknown -> new HashSet<>())
                .add(phase(begun.nanos())));
    assertThat(time.begun).hasSize(6_000);
    assertThat(phases)
        .hasSize(1_000)
        .allSatisfy((target, moments) -> assertThat(moments).hasSize(1));
    assertThat(time.reports).allMatch(report -> report.lateness().isZero());
    assertThat(time.missed).isEmpty();
  }

  @Test
  void spreadsTheTargetsOverTheInterval() {
    int[] tenths = new int[10];
    phases(time).values().forEach(phase -> tenths[(int) (phase * 10 / INTERVAL.toNanos())]++);
    for (int count : tenths) {
      assertThat(count).isCloseTo(100, within(50));
    }
  }

  @Test
  void keepsTheMomentsOverARestartAndMovesThemByTheSeed() {
    VirtualTime restarted = new VirtualTime();
    restarted.now.addAndGet(Duration.ofMinutes(7).plusMillis(123).toNanos());
    VirtualTime replica = new VirtualTime(0x1234567890abcdefL, 1_000_000);
    Map<Target, Long> phases = phases(time);
    assertThat(phases(restarted)).isEqualTo(phases);
    Map<Target, Long> others = phases(replica);
    assertThat(phases.entrySet())
        .filteredOn(
            entry ->
                Math.abs(entry.getValue() - others.getOrDefault(entry.getKey(), 0L))
                    < INTERVAL.toNanos() / 100)
        .hasSizeLessThan(100);
  }

  @Test
  void aSlowScrapeDelaysTheNextByAtMostHalfAnInterval() {
    time.answering = false;
    only(one);
    atTheNextMoment();
    assertThat(time.begun).hasSize(1);
    time.advance(INTERVAL.multipliedBy(13).dividedBy(10));
    assertThat(time.begun).as("one at a time").hasSize(1);
    time.begun.get(0).answer().complete(VirtualTime.BODY);
    assertThat(time.begun).as("the next one immediately, being little late").hasSize(2);
    assertThat(time.missed).isEmpty();
    time.begun.get(1).answer().complete(VirtualTime.BODY);
    assertThat(time.reports.get(1).lateness()).isEqualTo(INTERVAL.multipliedBy(3).dividedBy(10));

    atTheNextMoment();
    time.advance(INTERVAL.multipliedBy(17).dividedBy(10));
    time.begun.get(2).answer().complete(VirtualTime.BODY);
    assertThat(time.begun).as("too late to be made up for").hasSize(3);
    assertThat(time.missed).containsEntry(one, 1L);
    assertThat(time.status(one).missedIntervals()).isEqualTo(1);
    atTheNextMoment();
    assertThat(time.begun).hasSize(4);
  }

  private void atTheNextMoment() {
    Instant now = Instant.EPOCH.plusNanos(time.now.get());
    time.advance(Duration.between(now, time.status(one).next()));
  }

  @Test
  void aScrapeOverManyIntervalsCountsEachOfThem() {
    time.answering = false;
    only(one);
    time.advance(INTERVAL.multipliedBy(6));
    assertThat(time.begun).hasSize(1);
    assertThat(time.missed.getOrDefault(one, 0L)).isEqualTo(4);
  }

  @Test
  void catchesUpWithNothingAfterAPause() {
    time.loops.sync("a", targets);
    time.advance(INTERVAL);
    time.begun.clear();
    time.stopFor(Duration.ofHours(1));
    assertThat(time.begun).hasSize(1_000);
    assertThat(time.missed.values()).hasSize(1_000).allMatch(missed -> missed == 359L);
    time.advance(INTERVAL);
    assertThat(time.begun).as("and the moments are the old ones").hasSize(2_000);
  }

  @Test
  void jobsTakeTurnsWhereThereAreTooFewPlaces() {
    ScrapeJob small = TestTargets.job("small").build();
    VirtualTime bounded = new VirtualTime(0, 10);
    bounded.answering = false;
    bounded.loops.sync("a", targets);
    bounded.loops.sync("small", TestTargets.of(small, 0, 5));
    bounded.stopFor(INTERVAL.plusSeconds(1));
    assertThat(bounded.loops.scraping()).isEqualTo(10);
    assertThat(bounded.loops.waiting()).isEqualTo(995);
    for (int i = 0; i < 20; i++) {
      bounded.begun.get(i).answer().complete(VirtualTime.BODY);
      assertThat(bounded.loops.scraping()).isEqualTo(10);
    }
    assertThat(bounded.begun)
        .filteredOn(begun -> begun.target().job().name().equals("small"))
        .hasSize(5);
  }

  @Test
  void anAnswerAtOnceDoesNotMakeTheWaitingOnesRecurse() {
    VirtualTime bounded = new VirtualTime(0, 1);
    bounded.loops.sync("a", TestTargets.of(JOB, 0, 20_000));
    bounded.stopFor(INTERVAL.plusSeconds(1));
    assertThat(bounded.begun).hasSize(20_000);
    assertThat(bounded.loops.scraping()).isZero();
    assertThat(bounded.loops.waiting()).isZero();
  }

  @Test
  void waitingTargetsThatGoAwayGiveTheirTurnUp() {
    VirtualTime bounded = new VirtualTime(0, 1);
    bounded.answering = false;
    bounded.loops.sync("a", targets);
    bounded.stopFor(INTERVAL.plusSeconds(1));
    Target running = bounded.begun.get(0).target();
    Target kept = targets.stream().filter(target -> !target.equals(running)).findFirst().get();
    bounded.loops.sync("a", List.of(kept));
    assertThat(bounded.begun.get(0).answer()).isCancelled();
    assertThat(bounded.begun).hasSize(2);
    assertThat(bounded.begun.get(1).target()).isEqualTo(kept);
    assertThat(bounded.loops.waiting()).isZero();
  }

  @Test
  void equalTargetsKeepTheirLoopAndOthersStopAtOnce() {
    time.loops.sync("a", targets);
    time.advance(INTERVAL.multipliedBy(3));
    List<Target> again = TestTargets.of(JOB.toBuilder().targetLimit(5_000).build(), 0, 500);
    time.answering = false;
    time.begun.clear();
    time.advance(INTERVAL.dividedBy(2));
    List<VirtualTime.Begun> underWay = List.copyOf(time.begun);
    time.loops.sync("a", again);
    assertThat(underWay)
        .filteredOn(begun -> !again.contains(begun.target()))
        .isNotEmpty()
        .allMatch(begun -> begun.answer().isCancelled());
    assertThat(underWay)
        .filteredOn(begun -> again.contains(begun.target()))
        .isNotEmpty()
        .noneMatch(begun -> begun.answer().isDone());
    time.begun.clear();
    time.answering = true;
    time.advance(INTERVAL.multipliedBy(2));
    assertThat(time.begun).allMatch(begun -> again.contains(begun.target()));
    TargetStatus status = time.status(one);
    assertThat(status.scrapes()).isGreaterThanOrEqualTo(3);
    assertThat(status.target().job().targetLimit()).as("the new settings").isEqualTo(5_000);
    assertThat(time.loops.size()).isEqualTo(500);
  }

  @Test
  void statusesComeInTheOrderOfTheTargets() {
    time.loops.sync("a", targets);
    List<Target> changed = new ArrayList<>(TestTargets.of(JOB, 2_000, 2_010));
    changed.addAll(targets.subList(100, 200));
    time.loops.sync("a", changed);
    assertThat(time.loops.statuses("a")).extracting(TargetStatus::target).isEqualTo(changed);
  }

  @Test
  void anotherIntervalCountsFromNow() {
    only(one);
    time.advance(INTERVAL.multipliedBy(2));
    ScrapeJob faster = JOB.toBuilder().interval(Duration.ofSeconds(1)).build();
    time.loops.sync("a", TestTargets.of(faster, 0, 1));
    time.begun.clear();
    time.advance(Duration.ofSeconds(10));
    assertThat(time.begun).hasSize(10);
    assertThat(time.status(one).scrapes()).isEqualTo(12);
  }

  @Test
  void updatesDoNotWaitForAFetcherThatBlocks() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    ScrapeScheduler loops =
        new ScrapeScheduler(
            target -> {
              entered.countDown();
              try {
                leave.await();
              } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
              }
              return CompletableFuture.completedFuture(VirtualTime.BODY);
            },
            (target, body, start, duration) -> time.handled,
            time,
            Runnable::run,
            time.now::get,
            0,
            10);
    loops.sync("a", List.of(one));
    time.now.addAndGet(INTERVAL.toNanos());
    Thread timer = new Thread(loops::tick, "psc-test-timer");
    timer.setDaemon(true);
    timer.start();
    entered.await();
    loops.sync("a", TestTargets.of(JOB, 5, 10));
    assertThat(loops.statuses("a")).hasSize(5);
    loops.close();
    leave.countDown();
    timer.join(RecordingSink.PATIENCE.toMillis());
    assertThat(timer.isAlive()).isFalse();
    assertThat(time.reports).as("nothing of a target that is gone").isEmpty();
  }

  @Test
  void scrapesNowBesidesTheSchedule() {
    only(one);
    time.advance(INTERVAL);
    time.answering = false;
    time.begun.clear();
    CompletableFuture<ScrapeReport> first = time.loops.scrapeNow(one.id());
    CompletableFuture<ScrapeReport> second = time.loops.scrapeNow(one.id());
    assertThat(time.begun).as("both are the same scrape").hasSize(1);
    time.begun.get(0).answer().complete(VirtualTime.BODY);
    assertThat(first).isCompletedWithValueMatching(report -> report.lateness().isZero());
    assertThat(second).isCompleted();
    long regular = time.begun.get(0).nanos();
    time.answering = true;
    time.begun.clear();
    time.advance(INTERVAL.multipliedBy(3));
    assertThat(time.begun)
        .hasSize(3)
        .allMatch(begun -> phase(begun.nanos()) == phase(time.begun.get(0).nanos()));
    assertThat(regular).isLessThan(time.now.get());
    assertThatThrownBy(() -> time.loops.scrapeNow("0123")).hasMessage("unknown target 0123");
  }

  @Test
  void aScrapeAskedForByHandNeedsNoPlaceAndEndsWithItsTarget() {
    VirtualTime bounded = new VirtualTime(0, 1);
    bounded.answering = false;
    bounded.loops.sync("a", targets);
    CompletableFuture<ScrapeReport> now = bounded.loops.scrapeNow(targets.get(3).id());
    CompletableFuture<ScrapeReport> too = bounded.loops.scrapeNow(targets.get(4).id());
    assertThat(bounded.begun).hasSize(2);
    bounded.loops.sync("a", List.of());
    assertThat(now).isCancelled();
    assertThat(too).isCancelled();
    assertThat(bounded.loops.scraping()).isZero();
  }

  @Test
  void aBusyCpuMovesOnlyTheNextScrapeAndIsNoFailureOfTheTarget() {
    only(one);
    time.advance(INTERVAL);
    long phase = phase(time.begun.get(0).nanos());
    time.handled =
        new ProfileHandler.Handled(ScrapeOutcome.CPU_BUSY, "cpu_busy", "another client", 0);
    time.advance(INTERVAL);
    time.handled = new ProfileHandler.Handled(ScrapeOutcome.OK, "ok", "", 3);
    time.begun.clear();
    time.advance(INTERVAL.multipliedBy(3));
    assertThat(time.status(one).health()).isEqualTo(TargetStatus.Health.UP);
    assertThat(phase(time.begun.get(0).nanos())).isNotEqualTo(phase);
    assertThat(phase(time.begun.get(1).nanos())).isEqualTo(phase);
  }

  @Test
  void aGoodScrapeClearsTheErrorOfTheOneBefore() {
    only(one);
    time.answering = false;
    time.advance(INTERVAL);
    time.begun
        .get(0)
        .answer()
        .completeExceptionally(new HttpFailure(ScrapeOutcome.REFUSED, "connection refused"));
    assertThat(time.status(one).health()).isEqualTo(TargetStatus.Health.DOWN);
    assertThat(time.status(one).lastError()).isEqualTo("connection refused");
    time.answering = true;
    time.advance(INTERVAL);
    assertThat(time.status(one).health()).isEqualTo(TargetStatus.Health.UP);
    assertThat(time.status(one).lastError()).isEmpty();
    assertThat(time.status(one).failures()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(classes = {StackOverflowError.class, LinkageError.class})
  void theTimerSurvivesAnError(Class<? extends Error> type) throws Exception {
    AtomicInteger fetches = new AtomicInteger();
    ScrapeScheduler loops =
        new ScrapeScheduler(
            target -> {
              fetches.incrementAndGet();
              throw error(type);
            },
            (target, body, start, duration) -> time.handled,
            new LoopListener() {
              @Override
              public void scraped(ScrapeReport report) {}

              @Override
              public void missed(Target target, long intervals) {}
            },
            Runnable::run,
            time.now::get,
            0,
            2);
    loops.sync("a", List.of(one));
    time.now.addAndGet(INTERVAL.toNanos());
    Thread timer = new Thread(loops::run, "timer");
    List<Throwable> reported = new CopyOnWriteArrayList<>();
    timer.setUncaughtExceptionHandler((thread, failure) -> reported.add(failure));
    timer.start();
    await().until(() -> fetches.get() == 1);
    assertThat(timer.isAlive()).isTrue();
    loops.close();
    timer.join(30_000);
    assertThat(timer.isAlive()).isFalse();
    assertThat(reported).allMatch(type::isInstance);
    assertThat(reported).hasSize(type == StackOverflowError.class ? 0 : 1);
  }

  private static Error error(Class<? extends Error> type) {
    try {
      return type.getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void faultsOfPlugInsCostOneScrape() {
    List<String> outcomes = new ArrayList<>();
    ScrapeScheduler loops =
        new ScrapeScheduler(
            target -> {
              throw new IllegalStateException("fetcher");
            },
            (target, body, start, duration) -> time.handled,
            new LoopListener() {
              @Override
              public void scraped(ScrapeReport report) {
                outcomes.add(report.reason() + " " + report.message());
                throw new IllegalStateException("listener");
              }

              @Override
              public void missed(Target target, long intervals) {}
            },
            Runnable::run,
            time.now::get,
            0,
            1);
    loops.sync("a", List.of(one));
    for (int i = 0; i < 3; i++) {
      time.now.addAndGet(INTERVAL.toNanos());
      long unused = loops.tick();
    }
    assertThat(outcomes).hasSize(3).allMatch(text -> text.startsWith("internal " + one.name()));
    assertThat(loops.scraping()).isZero();
  }

  @Test
  void handsNothingOnAfterTheEnd() {
    time.answering = false;
    time.loops.sync("a", targets);
    time.advance(INTERVAL);
    time.loops.close();
    assertThat(time.begun).hasSize(1_000).allMatch(begun -> begun.answer().isCancelled());
    time.begun.clear();
    time.loops.sync("a", targets);
    time.advance(INTERVAL.multipliedBy(2));
    assertThat(time.begun).isEmpty();
    assertThat(time.reports).isEmpty();
    assertThat(time.loops.scraping()).isZero();
  }

  @Test
  void theTimerEndsWithTheLoops() {
    Thread timer = new Thread(time.loops::run, "psc-test-timer");
    timer.setDaemon(true);
    timer.start();
    time.loops.close();
    await().atMost(RecordingSink.PATIENCE).until(() -> !timer.isAlive());
  }
}
