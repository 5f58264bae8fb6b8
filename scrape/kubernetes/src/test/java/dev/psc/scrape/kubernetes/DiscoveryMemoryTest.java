package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.stream.JsonReader;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.target.TargetFactory;
import dev.psc.scrape.target.Targets;
import java.io.IOException;
import java.io.StringReader;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The heap that discovered targets take, from the API's objects to the lists of a job. */
class DiscoveryMemoryTest {

  private static final int PODS = 30_000;
  private static final long GOAL = 60L << 20;

  private final Map<String, TargetGroup> groups = new HashMap<>();
  private final TargetSink sink =
      new TargetSink() {
        @Override
        public void replace(java.util.Collection<TargetGroup> all) {
          update(all);
        }

        @Override
        public void update(java.util.Collection<TargetGroup> changed) {
          changed.forEach(group -> groups.put(group.source(), group));
        }

        @Override
        public void failed(String message) {
          throw new AssertionError(message);
        }
      };

  private static String pod(int i) {
    String hash = Integer.toHexString(0x10000000 + i % 300 * 7919);
    return """
        {"metadata": {"name": "shop-web-%s-%05x", "namespace": "team-%d",
           "uid": "5f1c8a1e-9f4b-4a3e-8a55-%012d",
           "labels": {"app.kubernetes.io/name": "web-%d", "app.kubernetes.io/version": "1.%d",
             "app.kubernetes.io/part-of": "shop", "pod-template-hash": "%s"},
           "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "6060"},
           "ownerReferences": [
             {"kind": "ReplicaSet", "name": "shop-web-%s", "controller": true}]},
         "spec": {"nodeName": "node-%d", "containers": [
           {"name": "main", "image": "registry.example.com/shop/web:1.%d", "ports": [
             {"name": "pprof", "containerPort": 6060, "protocol": "TCP"}]}]},
         "status": {"phase": "Running", "podIP": "10.%d.%d.%d", "hostIP": "192.0.2.%d",
           "conditions": [{"type": "Ready", "status": "True"}],
           "containerStatuses": [{"name": "main", "containerID":
             "containerd://0123456789abcdef0123456789abcdef0123456789abcdef%016x"}]}}
        """
        .formatted(
            hash,
            i,
            i % 20,
            i,
            i % 300,
            i % 7,
            hash,
            hash,
            i % 500,
            i % 7,
            i / 62_500,
            i / 250 % 250,
            i % 250 + 1,
            i % 250,
            i);
  }

  private static long usedBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private GroupIndex discover() throws IOException {
    Collection what = new Collection(Resource.PODS, "", "", "");
    KubernetesDiscovery settings = KubernetesDiscovery.builder(KubernetesRole.POD).build();
    Interner interner = new Interner();
    GroupIndex index =
        new GroupIndex(
            settings,
            Set.of(what),
            new TargetMaker(settings, new MetaLabels(interner, (object, names) -> {})),
            sink,
            new Warnings(warning -> {}),
            Clock.systemUTC());
    index.replaced(what, List.of());
    ObjectParser parser = new ObjectParser(interner);
    for (int i = 0; i < PODS; i++) {
      index.changed(what, parser.parse(Resource.PODS, new JsonReader(new StringReader(pod(i)))));
    }
    return index;
  }

  private long measure(
      ScrapeJob.Builder settings, RelabelAction action, int keptTargets, int droppedTargets)
      throws IOException {
    long before = usedBytes();
    GroupIndex index = discover();
    Relabeling rules =
        new Relabeling(
            List.of(
                RelabelRule.builder()
                    .action(action)
                    .sourceLabels("__meta_kubernetes_pod_annotation_prometheus_io_scrape")
                    .regex("true")
                    .build()));
    ScrapeJob job = settings.relabeling(rules).build();
    TargetFactory factory = new TargetFactory(job, Relabeling.NONE, LabelSet.empty());
    Targets targets = factory.make(groups.values());
    long all = usedBytes() - before;
    // Both are in use in a scraper as long as the targets are.
    assertThat(index).isNotNull();
    assertThat(factory).isNotNull();
    assertThat(groups).hasSize(PODS);
    assertThat(targets.kept()).hasSize(keptTargets);
    assertThat(targets.dropped()).hasSize(droppedTargets);
    if (droppedTargets > 0) {
      Targets.Dropped one = targets.dropped().get(0);
      assertThat(one.ruleText()).contains("drop");
      assertThat(one.discovered().valueOf("__profile_path__")).startsWith("/debug/pprof/");
      assertThat(one.discovered().valueOf("__meta_kubernetes_pod_phase")).isEqualTo("Running");
    }
    return all;
  }

  @Test
  void thirtyThousandDroppedPodsFitTheGoal() throws IOException {
    assertThat(measure(ScrapeJob.builder("pods"), RelabelAction.DROP, 0, PODS * 5))
        .isLessThan(GOAL);
  }

  @Test
  void thirtyThousandTargetsFitTheGoal() throws IOException {
    ScrapeJob.Builder one =
        ScrapeJob.builder("pods")
            .onlyProfiles(Map.of("memory", ProfileSettings.DEFAULTS.get("memory")));
    assertThat(measure(one, RelabelAction.KEEP, PODS, 0)).isLessThan(GOAL);
  }
}
