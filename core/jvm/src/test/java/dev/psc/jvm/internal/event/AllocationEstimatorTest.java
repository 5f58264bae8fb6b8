package dev.psc.jvm.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.Aggregator;
import dev.psc.jvm.internal.aggregate.ProfileTable;
import dev.psc.jvm.internal.aggregate.StackPool;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.profile.JvmProfile;
import java.util.Set;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class AllocationEstimatorTest {

  private static final int[] SIZES = {64, 1_024, 16_384, 131_072, 1_048_576};
  private static final double[] SHARES = {0.3, 0.25, 0.2, 0.15, 0.1};

  private final Aggregator aggregator = new Aggregator(StackPool.Limits.DEFAULT);
  private final Window window = aggregator.open(Set.of(JvmProfile.MEMORY), 0);
  private final AllocationEstimator estimator = new AllocationEstimator(aggregator);
  private final int[] stacks = new int[SIZES.length];
  private final long[] objects = new long[SIZES.length];
  private final SplittableRandom random = new SplittableRandom(20);

  /** A thread with buffers as the JVM has them. */
  private final class Allocating {
    private static final long BUFFER = 524_288;
    private final long id;
    private long free;
    private long waste = BUFFER / 64;

    Allocating(long id) {
      this.id = id;
    }

    void allocate(int which) {
      long size = SIZES[which];
      objects[which]++;
      if (size <= free) {
        free -= size;
      } else if (free > waste || size > BUFFER) {
        waste += 32;
        estimator.buffer(id, stacks[which], 0, size, 0);
      } else {
        free = BUFFER - size;
        estimator.buffer(id, stacks[which], 0, size, BUFFER);
      }
      if (random.nextInt(200_000) == 0) {
        free = 0; // a garbage collection takes the buffer away
        waste = BUFFER / 64;
      }
    }
  }

  AllocationEstimatorTest() {
    for (int i = 0; i < SIZES.length; i++) {
      stacks[i] = aggregator.stackPool().stackOf("size " + SIZES[i]);
    }
  }

  private int any() {
    double all = 0;
    for (int i = 0; i < SIZES.length; i++) {
      all += SHARES[i] / SIZES[i];
    }
    double at = random.nextDouble(all);
    int which = 0;
    while (which < SIZES.length - 1 && at >= SHARES[which] / SIZES[which]) {
      at -= SHARES[which] / SIZES[which];
      which++;
    }
    return which;
  }

  private void checkAll(int percent) {
    estimator.flush();
    ProfileTable table = window.table(JvmProfile.MEMORY);
    for (int i = 0; i < SIZES.length; i++) {
      long bytes = 0;
      long count = 0;
      for (int row = 0; row < table.size(); row++) {
        if (table.stack(row) == stacks[i]) {
          count += table.first(row);
          bytes += table.second(row);
        }
      }
      assertThat(bytes)
          .as("bytes in objects of %s", SIZES[i])
          .isCloseTo(objects[i] * SIZES[i], Percentage.withPercentage(percent));
      assertThat(count)
          .as("objects of %s", SIZES[i])
          .isCloseTo(objects[i], Percentage.withPercentage(percent));
    }
  }

  @Test
  void aMixOfAllSizesIsCountedByEventsOfBuffers() {
    Allocating thread = new Allocating(7);
    for (int i = 0; i < 40_000_000; i++) {
      thread.allocate(any());
    }
    checkAll(10);
  }

  @Test
  void objectsOfOneSizeInALoopAreNotCountedAsBuffers() {
    Allocating thread = new Allocating(7);
    for (int phase = 0; phase < 100; phase++) {
      for (int i = 0; i < 40_000; i++) {
        thread.allocate(1);
      }
      for (int i = 0; i < 300; i++) {
        thread.allocate(3);
      }
    }
    objects[0] = objects[2] = objects[4] = 0;
    checkAll(15);
  }

  @Test
  void bytesOfSamplesAreDistributedAmongEvents() {
    estimator.buffer(7, stacks[1], 0, 1_024, 524_288);
    estimator.buffer(7, stacks[0], 0, 64, 524_288);
    estimator.sample(7, stacks[2], 0, 1, 8_192_000);
    objects[1] = 4_000;
    objects[0] = 64_000;
    checkAll(1);
  }

  @Test
  void threadsWithFewEventsKeepTheirBytes() {
    for (int i = 0; i < 10; i++) {
      estimator.buffer(7, stacks[0], 0, 64, 524_288);
      estimator.buffer(8, stacks[1], 0, 1_024, 524_288); // ends before its buffers are full
      estimator.sample(7, stacks[0], 0, 64_000, 4_096_000);
      estimator.sample(8, stacks[1], 0, 1_000, 1_024_000);
    }
    objects[0] = 640_000;
    objects[1] = 10_000;
    checkAll(1);
  }

  @Test
  void eventsOfAThreadWithoutASampleAreNotCountedBeforeItsNextSample() {
    for (int i = 0; i < 10; i++) {
      estimator.buffer(7, stacks[0], 0, 64, 524_288);
      estimator.sample(7, stacks[0], 0, 64_000, 4_096_000);
      estimator.buffer(8, stacks[1], 0, 1_024, 524_288);
    }
    estimator.flush();
    estimator.sample(8, stacks[1], 0, 5_000, 5_120_000);
    objects[0] = 640_000;
    objects[1] = 5_000;
    checkAll(1);
  }

  @Test
  void bytesOfManySmallThreadsAreDistributedAmongTheEventsOfAll() {
    for (int thread = 1; thread <= 100; thread++) {
      boolean other = thread % 4 == 0;
      estimator.buffer(thread, stacks[other ? 1 : 0], 0, other ? 1_024 : 64, 524_288);
      estimator.sample(thread, stacks[0], 0, 1_000, thread % 2 == 0 ? 2_048_000 : 0);
    }
    objects[0] = 75 * 16_000;
    objects[1] = 25 * 1_000;
    checkAll(1);
  }

  @Test
  void withoutEventsSamplesCountWhereTheyAre() {
    estimator.sample(7, stacks[2], 0, 500, 8_192_000);
    objects[2] = 500;
    checkAll(1);
  }

  @Test
  void aSiteKeepsTheSizeOfItsObjects() {
    estimator.buffer(7, stacks[2], 0, 16_384, 524_288);
    estimator.flush();
    long before = window.table(JvmProfile.MEMORY).first(0);
    for (int i = 0; i < 10; i++) {
      estimator.sample(7, stacks[2], 0, 50_000, 1_638_400); // as of a class of small objects
    }
    estimator.flush();
    assertThat(window.table(JvmProfile.MEMORY).first(0) - before).isEqualTo(1_000);
  }

  private long bytesOf(int stack) {
    ProfileTable table = window.table(JvmProfile.MEMORY);
    long bytes = 0;
    for (int row = 0; row < table.size(); row++) {
      bytes += table.stack(row) == stack ? table.second(row) : 0;
    }
    return bytes;
  }

  @Test
  void theRestOfAThreadIsCountedWhereItAllocates() {
    for (int i = 0; i < 10; i++) {
      estimator.buffer(1, stacks[i % 2], 0, 64, 1_000);
      estimator.sample(1, stacks[0], 0, 1, 1_000);
    }
    assertThat(estimator.knows(1)).isTrue();
    estimator.rest(1, 5_000);
    estimator.flush();
    assertThat(bytesOf(stacks[0]) + bytesOf(stacks[1])).isEqualTo(15_000);
    assertThat(bytesOf(stacks[1])).isBetween(7_000L, 8_000L);
    estimator.rest(1, 640);
    estimator.flush();
    assertThat(bytesOf(stacks[0])).as("where it was seen last").isBetween(8_140L, 8_640L);
    estimator.forgetStacks();
    assertThat(estimator.knows(1)).isFalse();
  }

  @Test
  void theRestOfAThreadWithoutBufferEventsIsCountedAtItsSamples() {
    estimator.sample(1, stacks[0], 0, 1, 3_000);
    estimator.sample(1, stacks[1], 0, 1, 1_000);
    estimator.rest(1, 2_000);
    estimator.flush();
    assertThat(bytesOf(stacks[0])).isEqualTo(4_500);
    assertThat(bytesOf(stacks[1])).isEqualTo(1_500);
  }

  @Test
  void theRestOfAThreadWithoutASampleIsCountedAtItsBufferEvents() {
    for (int i = 0; i < 8; i++) {
      estimator.buffer(1, stacks[0], 0, 64, 1_000);
    }
    estimator.sample(2, stacks[1], 0, 1, 1_000);
    estimator.rest(1, 9_000);
    estimator.flush();
    assertThat(bytesOf(stacks[0])).isEqualTo(9_000);
    assertThat(bytesOf(stacks[1])).isEqualTo(1_000);
  }
}
