package dev.psc.scrape.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.Target;
import dev.psc.scrape.target.TargetFactory;
import dev.psc.scrape.target.Targets;
import dev.psc.scrape.testing.TestTargets;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Ten thousand targets that come and go. */
@Isolated("measures memory and processor time")
class ChurnTest {

  private static final int TARGETS = 10_000;
  private static final ScrapeJob JOB = TestTargets.job("a").build();

  @Test
  void leaksNoLoopsAndScrapesNothingThatIsGone() {
    long seed = 42;
    SplittableRandom random = new SplittableRandom(seed);
    List<Target> all = TestTargets.of(JOB, 0, TARGETS);
    Set<Target> present = new HashSet<>(all);
    VirtualTime time = new VirtualTime();
    time.loops.sync("a", present);
    long scrapes = 0;
    for (int second = 0; second < 60; second++) {
      for (int flips = random.nextInt(TARGETS / 2); flips > 0; flips--) {
        Target target = all.get(random.nextInt(TARGETS));
        if (!present.remove(target)) {
          present.add(target);
        }
      }
      time.answering = random.nextInt(4) > 0;
      time.loops.sync("a", present);
      time.advance(Duration.ofSeconds(1));
      assertThat(time.begun)
          .as("seed %s", seed)
          .allMatch(begun -> present.contains(begun.target()));
      scrapes += time.begun.size();
      assertThat(time.loops.size()).isEqualTo(present.size());
      time.begun.stream()
          .filter(begun -> random.nextBoolean())
          .forEach(begun -> begun.answer().complete(VirtualTime.BODY));
      time.begun.clear();
      time.reports.clear();
    }
    assertThat(scrapes).isGreaterThan(TARGETS);
    time.loops.sync("a", List.of());
    assertThat(time.loops.size()).isZero();
    assertThat(time.loops.scraping()).isZero();
    assertThat(time.loops.waiting()).isZero();
  }

  @Test
  @Tag("slow")
  void memoryStaysFlat() {
    VirtualTime time = new VirtualTime();
    List<Long> used = new ArrayList<>();
    for (int round = 0; round < 12; round++) {
      time.loops.sync("a", TestTargets.of(JOB, round * TARGETS, (round + 1) * TARGETS));
      time.answering = round % 3 != 0;
      time.advance(JOB.interval());
      time.begun.clear();
      time.reports.clear();
      time.missed.clear();
      if (round % 4 == 3) {
        used.add(usedHeapBytes());
      }
    }
    assertThat(used.get(2) - used.get(0)).isLessThan(16 << 20);
    assertThat(time.loops.size()).isEqualTo(TARGETS);
  }

  private static long usedHeapBytes() {
    System.gc();
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Within one second of processor time; 0.2 s is usual. */
  @Test
  @Tag("slow")
  void changesTenThousandTargetsInOneUpdateInLittleTime() {
    ScrapeJob job =
        JOB.toBuilder()
            .relabeling(
                List.of(
                    RelabelRule.builder()
                        .action(RelabelAction.KEEP)
                        .sourceLabels("__meta_pod_phase")
                        .regex("Running|Pending")
                        .build(),
                    RelabelRule.builder()
                        .sourceLabels("__meta_pod_name", "__meta_namespace")
                        .regex("(.+)-[a-z0-9]+;(.+)")
                        .targetLabel("workload")
                        .replacement("$2/$1")
                        .build(),
                    RelabelRule.builder()
                        .action(RelabelAction.LABEL_MAP)
                        .regex("__meta_pod_label_(.+)")
                        .build()))
            .build();
    VirtualTime time = new VirtualTime();
    TargetFactory factory = new TargetFactory(job, Relabeling.NONE, LabelSet.empty());
    Duration best = Duration.ofDays(1);
    for (int round = 0; round < 5; round++) {
      List<TargetGroup> groups = new ArrayList<>();
      for (int i = 0; i < TARGETS; i++) {
        groups.add(
            new TargetGroup(
                "pod" + i,
                List.of(
                    LabelSet.of(
                        TargetGroup.ADDRESS,
                        "10." + round + "." + i / 250 + "." + i % 250 + ":6060")),
                LabelSet.of(
                    "__meta_pod_phase", "Running",
                    "__meta_namespace", "shop",
                    "__meta_pod_name", "web" + i % 97 + "-abc" + i,
                    "__meta_pod_label_app", "web",
                    "__meta_pod_label_round", "r" + round)));
      }
      long before = cpuNanos();
      Targets made = factory.make(groups);
      time.loops.sync("a", made.kept());
      Duration cost = Duration.ofNanos(cpuNanos() - before);
      assertThat(made.kept()).hasSize(TARGETS);
      if (cost.compareTo(best) < 0) {
        best = cost;
      }
    }
    assertThat(best).isLessThan(Duration.ofSeconds(1));
    assertThat(time.loops.size()).isEqualTo(TARGETS);
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  @Test
  void cancelsTheExchangesOfRemovedTargets() {
    VirtualTime time = new VirtualTime();
    time.answering = false;
    time.loops.sync("a", TestTargets.of(JOB, 0, 100));
    time.advance(JOB.interval());
    time.loops.sync("a", List.of());
    assertThat(time.begun)
        .hasSize(100)
        .extracting(VirtualTime.Begun::answer)
        .allMatch(CompletableFuture::isCancelled);
  }
}
