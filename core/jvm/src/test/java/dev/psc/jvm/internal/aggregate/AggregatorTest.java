package dev.psc.jvm.internal.aggregate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.Totals;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.TraceContext;
import dev.psc.jvm.profile.TraceLabels;
import dev.psc.label.LabelSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AggregatorTest {

  private static int stack(StackPool stackPool, String... names) {
    return stackPool.stackOf(names);
  }

  @Test
  void sumsAreThoseOfAPlainMap() {
    SplittableRandom random = new SplittableRandom(7);
    ProfileTable table = new ProfileTable();
    Map<String, Long> expected = new HashMap<>();
    for (int i = 0; i < 20_000; i++) {
      int stack = random.nextInt(3_000);
      int labels = random.nextInt(3);
      table.add(stack, labels, 1, i);
      expected.merge(stack + "/" + labels, (long) i, Long::sum);
    }
    assertThat(table.size()).isEqualTo(expected.size());
    for (int row = 0; row < table.size(); row++) {
      assertThat(table.second(row))
          .isEqualTo(expected.get(table.stack(row) + "/" + table.labels(row)));
    }
  }

  @Test
  void samplesInPeriodsHaveTheSameSum() {
    ProfileTable table = new ProfileTable();
    for (int row = 0; row < 1_000; row++) {
      table.add(row, 0, 1, 3_000_000 + row);
    }
    ProfileTable inPeriods = table.inPeriods(10_000_000);
    long samples = 0;
    for (int row = 0; row < inPeriods.size(); row++) {
      samples += inPeriods.first(row);
      assertThat(inPeriods.second(row)).isEqualTo(table.second(row));
    }
    assertThat(samples).as("3,000,499,500 ns in total").isEqualTo(300);
  }

  @Test
  void totalsStayRightWhenATableIsFull() {
    ProfileTable table = new ProfileTable(10);
    for (int i = 1; i <= 1_000; i++) {
      table.add(i, 0, 1, 5);
    }
    long sum = 0;
    for (int row = 0; row < table.size(); row++) {
      sum += table.second(row);
    }
    assertThat(sum).isEqualTo(5_000);
    assertThat(table.size()).isEqualTo(11);
    assertThat(table.folded()).isEqualTo(990);
  }

  @Test
  void stacksThatDoNotFitBecomeOther() {
    StackPool stackPool = new StackPool(new StackPool.Limits(1_000, 5, 1_000));
    int last = -1;
    for (int i = 0; i < 20; i++) {
      last = stack(stackPool, "f" + i, "main");
    }
    assertThat(last).isEqualTo(StackPool.OTHER_STACK);
    assertThat(stackPool.isFull()).isTrue();
    assertThat(stack(stackPool, "f0", "main")).isNotEqualTo(StackPool.OTHER_STACK);
  }

  @Test
  void compactionKeepsWhatOpenWindowsHaveAndMakesRoom() {
    Aggregator aggregator = new Aggregator(new StackPool.Limits(1_000, 50, 1_000));
    Window kept = aggregator.open(Set.of(JvmProfile.MUTEX), 0);
    aggregator.add(JvmProfile.MUTEX, stack(aggregator.stackPool(), "leaf", "root"), 0, 2, 20);
    for (int i = 0; i < 100; i++) {
      stack(aggregator.stackPool(), "garbage" + i);
    }
    long before = aggregator.epoch();
    aggregator.compactIfFull();
    assertThat(aggregator.epoch()).isGreaterThan(before);
    assertThat(aggregator.stackPool().stackCount()).isEqualTo(2);
    Snapshot snapshot = aggregator.snapshot(kept, JvmProfile.MUTEX, 1);
    assertThat(Totals.of(snapshot).get("leaf")).isEqualTo(20);
    assertThat(stack(aggregator.stackPool(), "garbage99")).isNotEqualTo(StackPool.OTHER_STACK);
  }

  @Test
  void snapshotsDoNotChangeAfterwards() {
    Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
    Window window = aggregator.open(Set.of(JvmProfile.BLOCK), 0);
    int stack = stack(aggregator.stackPool(), "a");
    aggregator.add(JvmProfile.BLOCK, stack, 0, 1, 1);
    Snapshot snapshot = aggregator.snapshot(window, JvmProfile.BLOCK, 1);
    aggregator.add(JvmProfile.BLOCK, stack, 0, 1, 1);
    assertThat(Totals.of(snapshot).get("a")).isEqualTo(1);
  }

  @Test
  void labelsAreMergedAndBounded() {
    LabelTable labels = new LabelTable();
    int thread = labels.id(LabelSet.of("thread", "main"));
    int event = labels.id(LabelSet.of("event", "park"));
    int both = labels.merge(thread, event);
    assertThat(labels.get(both)).isEqualTo(LabelSet.of("event", "park", "thread", "main"));
    assertThat(labels.merge(thread, event)).isEqualTo(both);
    for (int i = 0; i < LabelTable.MAX_SETS + 100; i++) {
      labels.id(LabelSet.of("user", "u" + i));
    }
    assertThat(labels.size()).isEqualTo(LabelTable.MAX_SETS);
    assertThat(labels.refused()).isPositive();
    assertThat(labels.merge(labels.size() - 1, both)).isEqualTo(labels.size() - 1);
  }

  @Test
  void traceIdsUseNoLabelSets() {
    Aggregator aggregator =
        new Aggregator(StackPool.Limits.DEFAULT, 1_000, TraceLabels.openTelemetry());
    Window window = aggregator.open(Set.of(JvmProfile.EXCEPTIONS), 0);
    Window totals = aggregator.openTotals(Set.of(JvmProfile.EXCEPTIONS), 0);
    int job = aggregator.labels().id(LabelSet.of("job", "a"));
    int stack = aggregator.stackPool().stackOf("A.b");
    for (int i = 1; i <= 12_000; i++) {
      int tags = aggregator.tags(job, new TraceContext(i, i, i, 0, null));
      aggregator.add(JvmProfile.EXCEPTIONS, stack, tags, 1, 0);
    }
    assertThat(aggregator.labels().id(LabelSet.of("job", "late"))).isPositive();
    // Further traces lose their id, not their samples; running totals have none.
    assertThat(window.table(JvmProfile.EXCEPTIONS).size()).isEqualTo(1_001);
    assertThat(window.untraced(JvmProfile.EXCEPTIONS)).isPresent();
    assertThat(totals.table(JvmProfile.EXCEPTIONS).size()).isEqualTo(1);
    assertThat(totals.table(JvmProfile.EXCEPTIONS).first(0)).isEqualTo(12_000);
  }

  @Test
  void spansOfClosedWindowsAreForgottenAndThoseOfOpenOnesKept() {
    Aggregator aggregator =
        new Aggregator(StackPool.Limits.DEFAULT, 1_000, TraceLabels.openTelemetry());
    Window closed = aggregator.open(Set.of(JvmProfile.EXCEPTIONS), 0);
    int stack = aggregator.stackPool().stackOf("A.b");
    int first = aggregator.tags(0, new TraceContext(1, 2, 3, 0, null));
    aggregator.add(JvmProfile.EXCEPTIONS, stack, first, 1, 0);
    aggregator.close(closed);
    Snapshot snapshot = aggregator.snapshot(closed, JvmProfile.EXCEPTIONS, 1);
    Window open = aggregator.open(Set.of(JvmProfile.EXCEPTIONS), 0);
    int second = aggregator.tags(0, new TraceContext(4, 5, 6, 0, null));
    aggregator.add(JvmProfile.EXCEPTIONS, stack, second, 1, 0);
    aggregator.forgetTraces();
    assertThat(snapshot.labelPairs(snapshot.table().labels(0)))
        .containsExactly(
            "trace_id", "00000000000000010000000000000002", "span_id", "0000000000000003");
    Snapshot later = aggregator.snapshot(open, JvmProfile.EXCEPTIONS, 1);
    assertThat(later.labelPairs(later.table().labels(0)))
        .containsExactly(
            "trace_id", "00000000000000040000000000000005", "span_id", "0000000000000006");
    // The number of the first span is free again.
    assertThat(aggregator.tags(0, new TraceContext(7, 8, 9, 0, null))).isEqualTo(second);
  }

  @Test
  void idsNeverCostASampleItsStack() {
    Aggregator aggregator =
        new Aggregator(StackPool.Limits.DEFAULT, 50_000, TraceLabels.openTelemetry());
    Window window = aggregator.open(Set.of(JvmProfile.EXCEPTIONS), 0);
    int stack = aggregator.stackPool().stackOf("A.b");
    for (int i = 1; i <= 20_000; i++) {
      int tags = aggregator.tags(0, new TraceContext(i, i, i, 0, null));
      aggregator.add(JvmProfile.EXCEPTIONS, stack, tags, 1, 0);
    }
    assertThat(window.folded()).isZero();
  }
}
