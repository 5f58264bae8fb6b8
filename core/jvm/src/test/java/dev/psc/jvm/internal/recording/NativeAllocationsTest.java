package dev.psc.jvm.internal.recording;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.ProfileTable;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class NativeAllocationsTest {

  private static long inUse(NativeAllocations allocations) {
    ProfileTable table = new ProfileTable();
    allocations.addInUse(table);
    long objects = 0;
    for (int row = 0; row < table.size(); row++) {
      objects += table.first(row);
    }
    return objects;
  }

  @Test
  void matchesByAddressAndTimeWhateverTheOrderOfEvents() {
    NativeAllocations allocations = new NativeAllocations(100);
    allocations.released(1, 20);
    allocations.allocated(1, 10, 5, 0, 1, 8);
    allocations.allocated(2, 10, 6, 0, 1, 8);
    allocations.allocated(1, 30, 7, 0, 1, 8);
    assertThat(inUse(allocations)).isEqualTo(2);
    assertThat(allocations.isIncomplete()).isFalse();
  }

  /** Sorting for every other event beyond the limit would take minutes. */
  @Test
  void staysFastAndBoundedWhereNothingIsReleased() {
    NativeAllocations allocations = new NativeAllocations(1_000);
    long started = System.nanoTime();
    for (int i = 0; i < 500_000; i++) {
      allocations.allocated(i, i, 1, 0, 1, 8);
    }
    assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(10));
    assertThat(inUse(allocations)).isBetween(750L, 1_000L);
    assertThat(allocations.isIncomplete()).isTrue();
  }
}
