package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.internal.check.ProfileIndex;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Limits on what checking a profile allocates. Counts of bytes do not depend on the machine, unlike
 * times; the limits are some 30 percent above what is measured.
 */
class AllocationTest {

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int CALLS = 300;

  /** Some work whose result is kept alive. */
  @FunctionalInterface
  private interface Work {
    Object run() throws Exception;
  }

  @SuppressWarnings("UnusedVariable") // Written as if it was read.
  private static volatile Object sink = "";

  private static long allocatedBytes(Work work) throws Exception {
    for (int i = 0; i < CALLS; i++) {
      sink = work.run();
    }
    long before = THREADS.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < CALLS; i++) {
      sink = work.run();
    }
    return (THREADS.getCurrentThreadAllocatedBytes() - before) / CALLS;
  }

  /** A heap profile like that of a small Go service, 12 kB on the wire and 27 kB inflated. */
  private static byte[] heap() {
    ProfileBuilder profile = ProfileBuilder.create();
    for (String type : List.of("alloc_objects", "alloc_space", "inuse_objects", "inuse_space")) {
      profile.sampleType(type, type.endsWith("space") ? "bytes" : "count");
    }
    profile.timeNanos(1_790_000_000_000_000_000L);
    SplittableRandom random = new SplittableRandom(11);
    int mapping = profile.nativeMapping(0x400000, 0x900000, 0, "/app/server", "b1");
    int[] locations = new int[400];
    for (int i = 0; i < locations.length; i++) {
      int function =
          profile.function("example.com/app/pkg" + i % 31 + ".f" + i, "", "f" + i % 60 + ".go", 0);
      locations[i] = profile.location(mapping, 0x400000 + i * 37L, function, i % 500);
    }
    int[] stack = new int[24];
    for (int i = 0; i < 200; i++) {
      int depth = 4 + random.nextInt(20);
      for (int level = 0; level < depth; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      long objects = 1L + random.nextInt(5_000);
      profile.sample(
          stack, 0, depth, ProfileBuilder.NO_LABELS, objects, objects * 64, i % 2, i % 2 * 64L);
    }
    return profile.build();
  }

  @Test
  void checksAProfileThatNeedsNoRepairInABufferThatIsUsedAgain() throws Exception {
    byte[] body = heap();
    long inflated = Repair.repair(body).inflatedBytes();

    assertThat(allocatedBytes(() -> Repair.repair(body).bytes())).isLessThan(inflated / 2);
  }

  @Test
  void leavesThePassedProfileIntactWhenTheBufferIsUsedAgain() throws Exception {
    byte[] first = heap();
    byte[] second = RawPprof.clean().bytes();
    for (int i = 0; i < 10; i++) {
      Repaired unread = Repair.repair(first);
      byte[] repaired = Repair.repair(second).bytes();
      assertThat(Profile.parse(repaired).totals()).isEqualTo(Profile.parse(second).totals());
      assertThat(unread.bytes()).isSameAs(first);
    }
  }

  @Test
  void keepsAPendingRepairWhileOtherProfilesUseTheBuffers() throws Exception {
    byte[] bare = Profile.parse(heap()).uncompressed(); // the repair compresses it
    byte[] twice = RawPprof.gzip(RawPprof.gzip(bare)); // and unwraps this
    byte[] expected = Repair.repair(twice).bytes();
    for (int i = 0; i < 20; i++) {
      Repaired pending = Repair.repair(twice);
      for (int other = 0; other < 8; other++) {
        byte[] unused = Repair.repair(RawPprof.clean().gzip()).bytes();
      }
      assertThat(pending.bytes()).isEqualTo(expected);
    }
  }

  @Test
  void keepsTheProfileThatALaterStageReadsAfterItsBytesWereTaken() throws Exception {
    byte[] body = heap();
    for (int i = 0; i < 20; i++) {
      Repaired repaired = Repair.repair(body);
      ProfileIndex read = repaired.written().index();
      byte[] before = Arrays.copyOfRange(read.buf, read.from, read.to);
      byte[] unused = repaired.bytes();
      byte[] other = Repair.repair(RawPprof.clean().gzip()).bytes();
      assertThat(other).isNotEmpty();
      assertThat(Arrays.copyOfRange(read.buf, read.from, read.to)).isEqualTo(before);
    }
  }
}
