package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.IdleMethods;
import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.dump.ClassHistogram;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.internal.runtime.Throttled;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SmallPartsTest {

  @Test
  void histogramIsReadByClass() {
    Snapshot snapshot =
        ClassHistogram.parse(
            """
             num     #instances         #bytes  class name (module)
            -------------------------------------------------------
               1:          5000         400000  [B (java.base@17.0.15)
               2:           300          14400  java.lang.String (java.base@17.0.15)
            Total          5300         414400
            """);
    assertThat(Totals.of(snapshot))
        .containsOnly(Map.entry("byte[]", 400_000L), Map.entry("java.lang.String", 14_400L));
    assertThat(Totals.with(snapshot, ClassHistogram.ROOT)).isEqualTo(414_400);
  }

  @Test
  void secretsOfTheCommandLineAreMasked() {
    assertThat(
            CommandLine.mask(
                "java",
                List.of(
                    "-Ddb.password=hunter2",
                    "--token",
                    "abc",
                    "--bearer-token-file=/x",
                    "https://u:p@host/",
                    "-Xmx1g")))
        .isEqualTo(
            "java\0-Ddb.password=****\0--token\0****\0--bearer-token-file=****\0"
                + "https://****@host/\0-Xmx1g");
  }

  @Test
  void locksAreToldFromOtherParking() {
    assertThat(IdleMethods.isLock("java.util.concurrent.locks.ReentrantLock$NonfairSync")).isTrue();
    assertThat(IdleMethods.isLock("java.util.concurrent.locks.ReentrantReadWriteLock$FairSync"))
        .isTrue();
    assertThat(
            IdleMethods.isLock(
                "java.util.concurrent.locks.AbstractQueuedSynchronizer$ConditionObject"))
        .isFalse();
    assertThat(IdleMethods.isLock("java.util.concurrent.CountDownLatch$Sync")).isFalse();
    assertThat(IdleMethods.isLock("java.util.concurrent.Semaphore$NonfairSync")).isFalse();
  }

  @Test
  void anExpensiveValueIsSharedForAnInterval() {
    AtomicInteger made = new AtomicInteger();
    Throttled<Integer> value = new Throttled<>(Duration.ofHours(1), made::incrementAndGet);
    assertThat(value.get()).isEqualTo(1);
    assertThat(value.get()).isEqualTo(1);
  }

  @Test
  void onlyEventsOfWantedProfilesAreOn() {
    EventPlan plan =
        new EventPlan(
            CaptureSettings.DEFAULT,
            Set.of("jdk.ExecutionSample", "jdk.NativeMethodSample", "jdk.JavaMonitorEnter"),
            true);
    EventPlan.Dynamic dynamic =
        new EventPlan.Dynamic(Duration.ofMillis(1), 300, false, false, true);
    assertThat(plan.events(Set.of(), dynamic)).isEmpty();
    assertThat(plan.events(Set.of(JvmProfile.MUTEX), dynamic))
        .containsOnlyKeys("jdk.JavaMonitorEnter");
    assertThat(plan.events(Set.of(JvmProfile.PROCESS_CPU), dynamic))
        .containsOnlyKeys("jdk.ExecutionSample", "jdk.NativeMethodSample");
  }

  @Test
  void aProfileIsFoundByEitherOfItsNames() {
    assertThat(JvmProfile.named("allocs")).hasValue(JvmProfile.MEMORY);
    assertThat(JvmProfile.named("memory")).hasValue(JvmProfile.MEMORY);
    assertThat(JvmProfile.named("CPU")).hasValue(JvmProfile.PROCESS_CPU);
    assertThat(JvmProfile.named("x")).isEmpty();
  }
}
