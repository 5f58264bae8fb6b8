package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.label.ThreadLabels;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadLabelsTest {

  private static final LabelSet ROUTE = LabelSet.of("route", "/a");
  private final ThreadLabels labels = new ThreadLabels();
  private final long self = Thread.currentThread().getId();

  @AfterEach
  void end() {
    if (labels.isActive()) {
      labels.end();
    }
  }

  private static ThreadLabels.Entry opened(ThreadLabels labels, LabelSet set) {
    ThreadLabels.Entry entry = labels.open(set);
    assertThat(entry).isNotNull();
    return entry;
  }

  @Test
  void keepsNothingWhileNothingIsCaptured() {
    for (int i = 0; i < 1_000; i++) {
      assertThat(labels.open(LabelSet.of("id", "" + i))).isNull();
    }
    assertThat(labels.threadCount()).isZero();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
  }

  @Test
  void innerScopesHaveTheOuterOnesLabelsAndWin() {
    labels.begin();
    ThreadLabels.Entry outer = opened(labels, LabelSet.of("route", "/a", "tenant", "x"));
    ThreadLabels.Entry inner = opened(labels, LabelSet.of("tenant", "y"));
    assertThat(labels.current()).isEqualTo(LabelSet.of("route", "/a", "tenant", "y"));
    inner.close();
    inner.close();
    assertThat(labels.current()).isEqualTo(LabelSet.of("route", "/a", "tenant", "x"));
    outer.close();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
  }

  @Test
  void aScopeThatIsNotClosedEndsWithTheOneAroundIt() {
    labels.begin();
    ThreadLabels.Entry outer = opened(labels, ROUTE);
    ThreadLabels.Entry forgotten = opened(labels, LabelSet.of("job", "b"));
    outer.close();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
    forgotten.close();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
  }

  @Test
  void outerScopesMayBeClosedFirst() {
    labels.begin();
    ThreadLabels.Entry outer = opened(labels, ROUTE);
    ThreadLabels.Entry middle = opened(labels, LabelSet.of("job", "b"));
    ThreadLabels.Entry inner = opened(labels, LabelSet.of("step", "c"));
    middle.close();
    assertThat(labels.current()).isEqualTo(ROUTE);
    inner.close();
    assertThat(labels.current()).isEqualTo(ROUTE);
    outer.close();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
  }

  @Test
  void forgottenScopesDoNotPileUp() {
    labels.begin();
    for (int i = 0; i < 10_000; i++) {
      opened(labels, LabelSet.of("n" + i, "v"));
    }
    assertThat(labels.current().size()).isLessThanOrEqualTo(ThreadLabels.MAX_DEPTH);
  }

  @Test
  void knowsWhichLabelsAThreadHadAtATime() {
    labels.begin();
    SplittableRandom random = new SplittableRandom(11);
    List<Long> times = new ArrayList<>();
    List<LabelSet> expected = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      LabelSet set = LabelSet.of("n", "" + random.nextInt(50));
      ThreadLabels.Entry entry = opened(labels, set);
      awaitNextMicrosecond();
      times.add(Clocks.epochNanos());
      expected.add(set);
      awaitNextMicrosecond();
      entry.close();
      awaitNextMicrosecond();
      times.add(Clocks.epochNanos());
      expected.add(LabelSet.empty());
      awaitNextMicrosecond();
    }
    for (int i = 0; i < times.size(); i++) {
      assertThat(labels.at(self, times.get(i))).isEqualTo(expected.get(i));
    }
    assertThat(labels.at(self, 0)).isEqualTo(LabelSet.empty());
    assertThat(labels.at(-5, times.get(0))).isEqualTo(LabelSet.empty());
  }

  /** Two readings of the clock in one tick cannot be told apart. */
  private static void awaitNextMicrosecond() {
    long now = Clocks.epochNanos();
    while (Clocks.epochNanos() - now < 1_000) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aBusyThreadsHistoryIsBounded() {
    labels.begin();
    for (int i = 0; i < 3 * ThreadLabels.MAX_CHANGES; i++) {
      opened(labels, ROUTE).close();
    }
    ThreadLabels.Entry last = opened(labels, ROUTE);
    assertThat(labels.at(self, Clocks.epochNanos())).isEqualTo(ROUTE);
    last.close();
  }

  @Test
  void scopesMayBeClosedByAnotherThread() throws Exception {
    labels.begin();
    ThreadLabels.Entry entry = opened(labels, ROUTE);
    Thread other = new Thread(entry::close);
    other.start();
    other.join();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
  }

  @Test
  void threadsBeyondTheLimitAreNotLabelled() throws Exception {
    labels.begin();
    CountDownLatch done = new CountDownLatch(1);
    int threads = 50;
    CountDownLatch opened = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      Thread thread =
          new Thread(
              () -> {
                labels.open(ROUTE);
                opened.countDown();
              });
      thread.start();
      thread.join();
    }
    opened.await();
    assertThat(labels.threadCount()).isEqualTo(threads);
    done.countDown();
    labels.end();
    assertThat(labels.threadCount()).isZero();
    assertThat(labels.refused()).isZero();
  }

  @Test
  void aCaptureThatEndsForgetsOpenScopes() {
    labels.begin();
    ThreadLabels.Entry entry = opened(labels, ROUTE);
    labels.end();
    labels.begin();
    assertThat(labels.current()).isEqualTo(LabelSet.empty());
    entry.close();
    opened(labels, LabelSet.of("job", "b"));
    assertThat(labels.current()).isEqualTo(LabelSet.of("job", "b"));
  }
}
