package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.stream.JsonReader;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetSink;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import java.io.IOException;
import java.io.StringReader;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LargeClusterTest {

  private static final int PODS = 8_000;

  private final Interner interner = new Interner();
  private final Map<String, TargetGroup> groups = new HashMap<>();
  private final List<String> warnings = new ArrayList<>();
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

  private GroupIndex index(KubernetesDiscovery settings, Collection... collections) {
    MetaLabels labels = new MetaLabels(interner, (object, names) -> {});
    return new GroupIndex(
        settings,
        Set.of(collections),
        new TargetMaker(settings, labels),
        sink,
        new Warnings(warnings::add),
        Clock.systemUTC());
  }

  private static String pod(int i) {
    String noise = "\"x\": \"" + "y".repeat(4000) + "\"";
    return Objects.pod("web-" + i, "10." + i / 62500 + "." + i / 250 % 250 + "." + (i % 250 + 1))
        .replace(
            "\"managedFields\": [",
            "\"annotations\": {\"a\": \"1\", \"kubectl.kubernetes.io/last-applied-configuration\":"
                + " \""
                + "z".repeat(2000)
                + "\"}, \"managedFields\": [{"
                + noise
                + "}, ")
        .replace("\"nodeName\"", "\"volumes\": [{" + noise + "}], \"nodeName\"");
  }

  private static long usedBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  @Test
  void thousandsOfPodsTakeLittleMemory() throws IOException {
    Collection what = new Collection(Resource.PODS, "", "", "");
    GroupIndex index = index(KubernetesDiscovery.builder(KubernetesRole.POD).build(), what);
    long before = usedBytes();
    List<KubeObject> pods = new ArrayList<>();
    ObjectParser parser = new ObjectParser(interner);
    for (int i = 0; i < PODS; i++) {
      pods.add(parser.parse(Resource.PODS, new JsonReader(new StringReader(pod(i)))));
    }
    index.replaced(what, pods);
    pods.clear();
    long perPod = (usedBytes() - before) / PODS;
    assertThat(groups).hasSize(PODS);
    // 10 kB of JSON each.
    assertThat(perPod).isLessThan(3_500);
    index.replaced(what, List.of());
    assertThat(groups.values()).allMatch(group -> group.targets().isEmpty());
  }

  @Test
  void endpointsThatAreCutOffAreSaidOnce() throws IOException {
    Collection what = new Collection(Resource.ENDPOINTS, "", "", "");
    GroupIndex index = index(KubernetesDiscovery.builder(KubernetesRole.ENDPOINTS).build(), what);
    String cut =
        Objects.endpoints("web", "10.0.0.1")
            .replace(
                "\"namespace\": \"shop\"",
                "\"namespace\": \"shop\", \"annotations\":"
                    + " {\"endpoints.kubernetes.io/over-capacity\": \"truncated\"}");
    for (int i = 0; i < 3; i++) {
      index.replaced(
          what,
          List.of(
              new ObjectParser(interner)
                  .parse(Resource.ENDPOINTS, new JsonReader(new StringReader(cut)))));
    }
    assertThat(groups).hasSize(1);
    assertThat(warnings)
        .containsExactly(
            "endpoints shop/web have more than 1000 addresses, and the rest is truncated; use role:"
                + " endpointslice");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void damagedObjectsFailInOneWayOnly(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Map<Resource, String> samples =
        Map.of(
            Resource.PODS, Objects.pod("a", "10.0.0.1"),
            Resource.SERVICES, Objects.service("a"),
            Resource.ENDPOINTS, Objects.endpoints("a", "10.0.0.1"),
            Resource.ENDPOINT_SLICES, Objects.slice("a", "b", 0, 3),
            Resource.NODES, Objects.node("a", "b"),
            Resource.NAMESPACES, Objects.namespace("a", "b"));
    List<Resource> resources = List.of(Resource.values());
    String tokens = "{}[],:\"\\n0-1tfx ";
    int parsed = 0;
    for (int i = 0; i < 6_000; i++) {
      Resource resource = resources.get(random.nextInt(resources.size()));
      StringBuilder json = new StringBuilder(samples.getOrDefault(resource, "{\"spec\": {}}"));
      for (int edit = random.nextInt(1, 4); edit > 0; edit--) {
        int at = random.nextInt(json.length());
        switch (random.nextInt(3)) {
          case 0 -> json.setCharAt(at, tokens.charAt(random.nextInt(tokens.length())));
          case 1 -> json.setLength(Math.max(1, at));
          default -> json.delete(at, Math.min(json.length(), at + random.nextInt(1, 8)));
        }
        if (json.isEmpty()) {
          break;
        }
      }
      try {
        KubeObject object =
            new ObjectParser(interner)
                .parse(resource, new JsonReader(new StringReader(json.toString())));
        assertThat(object.meta().key()).isNotNull();
        parsed++;
      } catch (IOException | IllegalStateException | NumberFormatException expected) {
        // What the reflector takes for a broken answer; anything else fails the test.
        assertThat(expected).as("seed %s: %s", seed, json).isNotNull();
      }
    }
    assertThat(parsed).isPositive();
  }
}
