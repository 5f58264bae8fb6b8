package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.internal.runtime.Clocks;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import java.lang.management.ManagementFactory;
import java.util.EnumSet;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class WindowAllocationsTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final TreeMap<Long, Long> bytesByTime = new TreeMap<>();
  private volatile byte[] last;

  private void allocateSlowly() {
    last = new byte[16 << 10];
    long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
    bytesByTime.put(Clocks.epochNanos(), bytes);
  }

  private long bytesAt(long epochNanos) {
    return bytesByTime.floorEntry(epochNanos).getValue();
  }

  @Test
  void aThreadWithFewSamplesHasAllOfItsBytes() throws Exception {
    // The thread fills a buffer in about a second, so that it has few samples.
    ScheduledExecutorService thread =
        Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "slow"));
    Object unused = thread.scheduleAtFixedRate(this::allocateSlowly, 0, 10, TimeUnit.MILLISECONDS);
    Profile profile;
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .profiles(EnumSet.of(JvmProfile.MEMORY))
            .threadNames(true)
            .receiver(pushed -> new Acceptance.Accepted())
            .start()) {
      PprofRequest request =
          new PprofRequest("GET", "/debug/pprof/allocs", Map.of("seconds", "4"), Map.of());
      profile = Profile.parse(profiling.handler().handle(request).body());
    } finally {
      thread.shutdownNow();
      assertThat(thread.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
    long start = profile.timeNanos();
    long allocated = bytesAt(start + profile.durationNanos()) - bytesAt(start);
    long profiled = 0;
    for (Sample sample : profile.samples()) {
      if (sample.labels().stream().anyMatch(label -> label.text().equals("slow"))) {
        profiled += sample.values().get(1);
      }
    }
    assertThat(last).isNotNull();
    assertThat(profiled).isCloseTo(allocated, Percentage.withPercentage(5));
  }
}
