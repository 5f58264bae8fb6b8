package dev.psc.jvm.internal.event;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EventPlanTest {

  private static final EventPlan.Dynamic DYNAMIC =
      new EventPlan.Dynamic(Duration.ofMillis(1), 300, false, false, false);

  private final EventPlan plan =
      new EventPlan(
          CaptureSettings.DEFAULT,
          Set.of(EventPlan.CPU_TIME, EventPlan.EXECUTION, EventPlan.NATIVE),
          true);

  private Map<String, Map<String, String>> events() {
    return plan.events(Set.of(JvmProfile.PROCESS_CPU), DYNAMIC);
  }

  @Test
  void fallingBackReplacesSamplesByCpuTimeAndSaysWhy() {
    assertThat(events()).containsOnlyKeys(EventPlan.CPU_TIME);
    assertThat(plan.cpuSource()).isEqualTo(EventPlan.CPU_TIME);
    assertThat(plan.cpuComments(true, true)).noneMatch(comment -> comment.contains("SIGPROF"));

    plan.fallBack();

    assertThat(events()).containsOnlyKeys(EventPlan.EXECUTION, EventPlan.NATIVE);
    assertThat(plan.cpuSource()).isEqualTo(EventPlan.EXECUTION);
    assertThat(plan.cpuComments(true, true))
        .contains(EventPlan.NO_SIGNAL)
        .anyMatch(comment -> comment.startsWith("CPU samples: jdk.ExecutionSample every 10 ms"));
  }

  @Test
  void theCommentNamesTheBiasOfLeafFramesUnlessTheJvmHasExactOnes() {
    assertThat(plan.cpuComments(true, false))
        .anyMatch(comment -> comment.contains("DebugNonSafepoints"));
    assertThat(plan.cpuComments(true, true))
        .noneMatch(comment -> comment.contains("DebugNonSafepoints"))
        .anyMatch(comment -> comment.startsWith("CPU samples: jdk.CPUTimeSample"));
  }
}
