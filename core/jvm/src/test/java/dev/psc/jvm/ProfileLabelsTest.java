package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleLabel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Labels reach the samples of the thread that has them. */
@Timeout(120)
class ProfileLabelsTest {

  private static final LabelSet BURN = LabelSet.of("task", "burn");

  private final List<RawProfile> received = new CopyOnWriteArrayList<>();

  @Test
  void doesNothingWithoutACapture() throws Exception {
    assertThat(ProfileLabels.call(BURN, ProfileLabels::current)).isEqualTo(LabelSet.empty());
    Runnable task = () -> {};
    assertThat(ProfileLabels.wrap(task)).isSameAs(task);
  }

  @Test
  void samplesCarryTheLabelsOfTheirThreadAndTime() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(2);
    ExecutorService labelled = ProfileLabels.wrapExecutor(pool);
    try (JvmProfiling profiling =
        JvmProfiling.builder()
            .interval(Duration.ofMinutes(10))
            .profiles(JvmProfile.PROCESS_CPU, JvmProfile.MEMORY, JvmProfile.BLOCK)
            .receiver(
                profile -> {
                  received.add(profile);
                  return new Acceptance.Accepted();
                })
            .start()) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  profiling
                      .status()
                      .capture()
                      .map(capture -> capture.profiles().contains(JvmProfile.PROCESS_CPU))
                      .orElse(false));
      ProfileLabels.run(BURN, () -> TruthProgram.burnLong(400_000_000));
      TruthProgram.burnShort(300_000_000);
      ProfileLabels.Scope scope = ProfileLabels.scope(LabelSet.of("task", "pooled"));
      try {
        Future<?> done =
            labelled.submit(
                () -> {
                  TruthProgram.allocateSmall(200L << 20);
                  assertThat(ProfileLabels.current().get("task")).isEqualTo("pooled");
                });
        done.get(60, TimeUnit.SECONDS);
      } finally {
        scope.close();
      }
      ProfileLabels.call(LabelSet.of("task", "asleep"), TruthProgram::sleepAWhile);
    } finally {
      pool.shutdownNow();
    }
    assertThat(share("process_cpu", "burnLong", "burn")).isGreaterThan(0.9);
    assertThat(share("process_cpu", "burnShort", "")).isGreaterThan(0.9);
    assertThat(share("memory", "allocateSmall", "pooled")).isGreaterThan(0.9);
    assertThat(share("block", "sleepAWhile", "asleep")).isEqualTo(1);
  }

  /** Returns which share of a method's samples, by their second value, has a label. */
  private double share(String name, String method, String task) throws Exception {
    Profile profile =
        Profile.parse(
            received.stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow().pprof());
    double all = 0;
    double labelled = 0;
    for (Sample sample : profile.samples()) {
      String function = "dev.psc.jvm.TruthProgram." + method;
      if (sample.stack().stream().anyMatch(frame -> frame.function().equals(function))) {
        double value = sample.value(1);
        all += value;
        String found =
            sample.labels().stream()
                .filter(label -> label.key().equals("task"))
                .map(SampleLabel::text)
                .findFirst()
                .orElse("");
        labelled += found.equals(task) ? value : 0;
      }
    }
    return labelled / all;
  }
}
