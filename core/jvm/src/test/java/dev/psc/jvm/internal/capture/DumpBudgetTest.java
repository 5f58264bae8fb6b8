package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DumpBudgetTest {

  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(500);
  private static final long COST = TimeUnit.MILLISECONDS.toNanos(80);

  private final DumpBudget budget = new DumpBudget();

  private long dump() {
    long rest = budget.restAfter(COST);
    budget.spend(COST);
    budget.earn(rest);
    return rest;
  }

  private void warmUp() {
    for (int i = 0; i < 5; i++) {
      assertThat(dump()).isEqualTo(INTERVAL);
    }
  }

  @Test
  void waitsOfSecondsAreInSeveralDumpsThatCostMuch() {
    warmUp();
    for (int i = 0; i < 12; i++) {
      assertThat(dump()).as("dump %d", i).isEqualTo(INTERVAL);
    }
  }

  @Test
  void manyDumpsTakeAFiftiethOfAProcessor() {
    warmUp();
    long wall = 0;
    for (int i = 0; i < 100; i++) {
      wall += dump();
    }
    long burst = TimeUnit.SECONDS.toNanos(1);
    assertThat(100 * COST).isBetween(wall / 50, wall / 50 + burst + COST);
    assertThat(dump()).isEqualTo(50 * COST);
  }

  @Test
  void aLongTimeWithoutDumpsEarnsOneBurst() {
    warmUp();
    budget.earn(TimeUnit.DAYS.toNanos(1));
    int quick = 0;
    while (dump() == INTERVAL) {
      quick++;
    }
    assertThat(quick).isBetween(12, 16);
  }
}
