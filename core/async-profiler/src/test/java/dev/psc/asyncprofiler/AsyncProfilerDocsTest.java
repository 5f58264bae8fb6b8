package dev.psc.asyncprofiler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.profile.ProfilingEngine;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** The code of the README. */
class AsyncProfilerDocsTest {

  @Test
  void usage() {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    JvmProfiling profiling =
        JvmProfiling.builder().engine(ProfilingEngine.ASYNC_PROFILER).pprofAddress(address).start();
    try (profiling) {
      assertThat(profiling.pprofAddress()).isPresent();
    }
  }
}
