package dev.psc.jvm.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.profile.JvmProfile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AsyncCommandsTest {

  private static final Path FILE = Path.of("/tmp/a.jfr");
  private static final long SECOND = 1_000_000_000;

  private final CaptureSettings settings =
      CaptureSettings.builder()
          .cpuPeriod(Duration.ofMillis(20))
          .stackDepth(100)
          .lockThreshold(Duration.ofMillis(2))
          .allocationsPerSecond(300)
          .build();
  private final AsyncCommands commands = new AsyncCommands(settings, "Linux", 17);

  @Test
  void startsOnlyTheEventsOfTheProfiles() {
    assertThat(commands.start(Set.of(JvmProfile.PROCESS_CPU), FILE))
        .startsWith("start,jfr,")
        .contains(",event=cpu,interval=20000000,", ",jstackdepth=100,")
        .endsWith(",file=/tmp/a.jfr")
        .doesNotContain("alloc", "lock", "wall", "signal");
    assertThat(commands.start(Set.of(JvmProfile.MEMORY, JvmProfile.MUTEX), FILE))
        .contains(",alloc=524288,lock=2000000,")
        .doesNotContain("event", "wall");
    assertThat(commands.start(Set.of(JvmProfile.WALL), FILE))
        .contains(",event=cpu,", ",wall=100000000,");
  }

  @Test
  void leavesTheSignalOfTheJdksOwnSamplerAlone() {
    AsyncCommands newer = new AsyncCommands(settings, "Linux", 25);
    assertThat(newer.start(Set.of(JvmProfile.PROCESS_CPU), FILE)).contains(",signal=44,");
    AsyncCommands mac = new AsyncCommands(settings, "Mac OS X", 25);
    assertThat(mac.start(Set.of(JvmProfile.PROCESS_CPU), FILE)).doesNotContain("signal");
  }

  @Test
  void growsTheIntervalOfAllocationsUntilTheyComeAtTheirRate() {
    assertThat(commands.adapt(599, 0, 2 * SECOND)).isFalse();
    assertThat(commands.allocationBytes()).isEqualTo(AsyncCommands.ALLOCATION_BYTES);
    assertThat(commands.adapt(3_000, 0, 2 * SECOND)).isTrue();
    assertThat(commands.allocationBytes()).isEqualTo(8 * AsyncCommands.ALLOCATION_BYTES);
    assertThat(commands.adapt(100, 0, 2 * SECOND)).isFalse();
    assertThat(commands.adapt(70, 0, 2 * SECOND)).isTrue();
    assertThat(commands.allocationBytes()).isEqualTo(4 * AsyncCommands.ALLOCATION_BYTES);
  }

  @Test
  void raisesTheThresholdOfLocksWhileThereAreTooMany() {
    assertThat(commands.adapt(0, 2_000, 2 * SECOND)).isFalse();
    assertThat(commands.adapt(0, 3_000, 2 * SECOND)).isTrue();
    assertThat(commands.lockNanos()).isEqualTo(4_000_000);
    for (int i = 0; i < 20; i++) {
      boolean unused = commands.adapt(0, 3_000, 2 * SECOND);
    }
    assertThat(commands.lockNanos()).isLessThanOrEqualTo(200_000_000);
  }
}
