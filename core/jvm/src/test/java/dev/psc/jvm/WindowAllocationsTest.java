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
import java.util.Map.Entry;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class WindowAllocationsTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** A thread that fills a buffer in about a second, so that it has few samples. */
  private static final class Allocating extends Thread {
    private final TreeMap<Long, Long> bytesByTime = new TreeMap<>();
    private volatile boolean ends;
    private volatile byte[] last;

    @Override
    public void run() {
      while (!ends) {
        last = allocate();
        bytesByTime.put(Clocks.epochNanos(), THREADS.getThreadAllocatedBytes(getId()));
        pace();
      }
    }

    private static byte[] allocate() {
      return new byte[16 << 10];
    }

    private static void pace() {
      try {
        TimeUnit.MILLISECONDS.sleep(10);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private long bytesAt(long epochNanos) {
      Entry<Long, Long> at = bytesByTime.floorEntry(epochNanos);
      return at.getValue();
    }
  }

  @Test
  void aThreadWithFewSamplesHasAllOfItsBytes() throws Exception {
    Allocating thread = new Allocating();
    thread.setDaemon(true);
    thread.start();
    Profile profile;
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .profiles(EnumSet.of(JvmProfile.MEMORY))
            .receiver(unused -> new Acceptance.Accepted())
            .start()) {
      PprofRequest request =
          new PprofRequest("GET", "/debug/pprof/allocs", Map.of("seconds", "4"), Map.of());
      profile = Profile.parse(profiling.handler().handle(request).body());
    } finally {
      thread.ends = true;
      thread.join();
    }
    long start = profile.timeNanos();
    long allocated = thread.bytesAt(start + profile.durationNanos()) - thread.bytesAt(start);
    long profiled = 0;
    for (Sample sample : profile.samples()) {
      if (sample.stack().stream().anyMatch(frame -> frame.function().contains("Allocating"))) {
        profiled += sample.values().get(1);
      }
    }
    assertThat(thread.last).isNotNull();
    assertThat(profiled).isCloseTo(allocated, Percentage.withPercentage(5));
  }
}
