package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.label.LabelSet;
import dev.psc.scrape.relabel.Relabeling;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PresetsTest {

  private static Optional<Map<String, String>> relabel(Map<String, String> target) {
    Relabeling rules =
        new Relabeling(
            KubernetesAnnotations.rules(List.of("memory", "process_cpu", "my-cpu")).stream()
                .map(ScrapeConfigFile::rule)
                .toList());
    Relabeling.Result result = rules.apply(LabelSet.copyOf(target));
    return result.kept() ? Optional.of(result.labels().toMap()) : Optional.empty();
  }

  private static final String POD = "__meta_kubernetes_pod_";

  private static Map<String, String> pod(String... annotations) {
    Map<String, String> labels = new HashMap<>();
    labels.put("__address__", "10.0.0.1");
    labels.put("__name__", "process_cpu");
    labels.put("__profile_path__", "/debug/pprof/profile");
    labels.put("__scheme__", "http");
    labels.put("__meta_kubernetes_namespace", "shop");
    labels.put(POD + "ip", "10.0.0.1");
    labels.put(POD + "name", "web");
    labels.put(POD + "phase", "Running");
    labels.put(POD + "container_name", "main");
    for (int i = 0; i < annotations.length; i += 2) {
      labels.put(POD + "annotation_psc_dev_" + annotations[i], annotations[i + 1]);
    }
    return labels;
  }

  private static String label(Map<String, String> target, String name) {
    return relabel(target).orElseThrow().getOrDefault(name, "");
  }

  @Test
  void onlyPodsThatAskForItAreScraped() {
    assertThat(relabel(pod("port", "6060"))).isEmpty();
    assertThat(relabel(pod("scrape", "false", "port", "6060"))).isEmpty();
    assertThat(relabel(pod("scrape", "true", "port", "6060"))).isPresent();
  }

  @Test
  void theAnnotatedPortNeedNotBeDeclared() {
    Map<String, String> target = pod("scrape", "true", "port", "6060");
    assertThat(label(target, "__address__")).isEqualTo("10.0.0.1:6060");
    assertThat(label(target, "namespace")).isEqualTo("shop");
    assertThat(label(target, "pod")).isEqualTo("web");
    assertThat(label(target, "container")).isEmpty();
    target.put(POD + "ip", "fd00::1");
    assertThat(label(target, "__address__")).isEqualTo("[fd00::1]:6060");
  }

  @Test
  void withoutItDeclaredTcpPortsAreScraped() {
    Map<String, String> target = pod("scrape", "true");
    assertThat(relabel(target)).isEmpty();
    target.put(POD + "container_port_protocol", "UDP");
    assertThat(relabel(target)).isEmpty();
    target.put(POD + "container_port_protocol", "TCP");
    target.put("__address__", "10.0.0.1:8080");
    assertThat(label(target, "__address__")).isEqualTo("10.0.0.1:8080");
    assertThat(label(target, "container")).isEqualTo("main");
  }

  @Test
  void finishedPodsAreDropped() {
    Map<String, String> target = pod("scrape", "true", "port", "6060");
    target.put(POD + "phase", "Failed");
    assertThat(relabel(target)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "/api, /api/debug/pprof/profile",
    "api, /api/debug/pprof/profile",
    "/a/b//, /a/b/debug/pprof/profile",
    "/, /debug/pprof/profile",
  })
  void thePathGoesBeforeThatOfTheProfile(String path, String expected) {
    assertThat(label(pod("scrape", "true", "port", "1", "path", path), "__profile_path__"))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "process_cpu | process_cpu | true",
        "process_cpu | memory, process_cpu | true",
        "process_cpu | process_cpu,memory | true",
        "process_cpu | memory | false",
        "process_cpu | xprocess_cpu | false",
        "my_cpu | my-cpu | true",
        "my_cpu | my_cpu | true",
        "other | process_cpu | false",
      })
  void onlyTheNamedProfilesAreScraped(String profile, String named, boolean scraped) {
    Map<String, String> target = pod("scrape", "true", "port", "1", "profiles", named);
    target.put("__name__", profile);
    assertThat(relabel(target).isPresent()).isEqualTo(scraped);
  }

  @Test
  void schemeIntervalAndTimeoutAreThoseOfThePod() {
    Map<String, String> target =
        pod("scrape", "true", "port", "1", "scheme", "https", "interval", "30s", "timeout", "40s");
    assertThat(label(target, "__scheme__")).isEqualTo("https");
    assertThat(label(target, "__scrape_interval__")).isEqualTo("30s");
    assertThat(label(target, "__scrape_timeout__")).isEqualTo("40s");
  }

  @ParameterizedTest
  @CsvSource({
    "GO,allocs,true",
    "JVM,allocs,true",
    "NODE,heap,false",
    "PYTHON,heap,false",
    "RUST,heap,false"
  })
  void runtimesAreAskedForWhatTheyOffer(RuntimePreset preset, String memory, boolean all) {
    Map<String, Map<String, Object>> profiles = preset.profiles();
    assertThat(profiles.get("memory"))
        .containsEntry("enabled", true)
        .containsEntry("path", "/debug/pprof/" + memory);
    assertThat(profiles.get("process_cpu")).containsEntry("delta", true);
    for (String name : List.of("block", "goroutine", "mutex", "process_cpu")) {
      assertThat(profiles.get(name)).containsEntry("enabled", all).containsKey("path");
    }
  }
}
