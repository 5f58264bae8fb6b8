package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.Scraper;
import dev.psc.scrape.ScraperSnapshot;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.settings.Durations;
import dev.psc.scrape.target.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** From a configuration to what is asked for, how often, and with which labels it is sent. */
class ConfigTargetsTest {

  private static ScraperSnapshot discover(String jobs) throws InterruptedException {
    return Scraper.builder()
        .jobs(
            ScrapeConfigFile.parse(
                "scrape_configs:\n" + jobs, "x", Path.of("/etc/test"), warning -> {}))
        .build()
        .discover(Duration.ofSeconds(30));
  }

  private static String line(Target target) {
    Map<String, String> labels = new TreeMap<>(target.labels().toMap());
    return labels.remove("__name__")
        + " "
        + target.uri()
        + " "
        + Durations.format(target.interval())
        + "/"
        + Durations.format(target.timeout())
        + " "
        + labels;
  }

  private static final String ONLY_MEMORY =
      """
        profiling_config:
          pprof_config:
            block: {enabled: false}
            goroutine: {enabled: false}
            mutex: {enabled: false}
            process_cpu: {enabled: false}
      """;

  static Stream<Arguments> configurations() {
    String static1 = "- job_name: a\n  static_configs: [{targets: ['h:1']}]\n";
    return Stream.of(
        Arguments.of(
            "defaults",
            static1,
            List.of(
                "memory http://h:1/debug/pprof/allocs 10s/13s {instance=h:1, job=a}",
                "block http://h:1/debug/pprof/block 10s/13s {instance=h:1, job=a}",
                "goroutine http://h:1/debug/pprof/goroutine 10s/13s {instance=h:1, job=a}",
                "mutex http://h:1/debug/pprof/mutex 10s/13s {instance=h:1, job=a}",
                "process_cpu http://h:1/debug/pprof/profile?seconds=10 10s/13s {instance=h:1, job=a}")),
        Arguments.of(
            "an empty profiling_config has the defaults",
            static1 + "  profiling_config: {}\n  scrape_interval: 45s\n",
            List.of(
                "memory http://h:1/debug/pprof/allocs 45s/48s {instance=h:1, job=a}",
                "block http://h:1/debug/pprof/block 45s/48s {instance=h:1, job=a}",
                "goroutine http://h:1/debug/pprof/goroutine 45s/48s {instance=h:1, job=a}",
                "mutex http://h:1/debug/pprof/mutex 45s/48s {instance=h:1, job=a}",
                "process_cpu http://h:1/debug/pprof/profile?seconds=45 45s/48s {instance=h:1, job=a}")),
        Arguments.of(
            "two jobs that share a prefix join it once each",
            """
            - &j
              job_name: a
              static_configs: [{targets: ['h:1']}]
              profiling_config: {path_prefix: /api/, preset: node}
            - {<<: *j, job_name: b}
            """,
            List.of(
                "memory http://h:1/api/debug/pprof/heap 10s/13s {instance=h:1, job=a}",
                "memory http://h:1/api/debug/pprof/heap 10s/13s {instance=h:1, job=b}")),
        Arguments.of(
            "a short profile at long intervals",
            static1
                + "  scrape_interval: 1m\n  scrape_timeout: 5s\n"
                + "  profiling_config: {preset: node, pprof_config: {memory: {enabled: false},"
                + " process_cpu: {enabled: true, seconds: 10}}}\n",
            List.of(
                "process_cpu http://h:1/debug/pprof/profile?seconds=10 1m/13s {instance=h:1, job=a}")),
        Arguments.of(
            "parameters of each profile",
            static1
                + "  params: {debug: ['0']}\n"
                + "  profiling_config: {preset: node, pprof_config: {memory: {delta: true, seconds: 5},"
                + " fgprof: {enabled: true, path: /debug/fgprof, delta: true}}}\n",
            List.of(
                "memory http://h:1/debug/pprof/heap?debug=0&seconds=5 10s/13s {instance=h:1, job=a}",
                "fgprof http://h:1/debug/fgprof?debug=0&seconds=10 10s/13s {instance=h:1, job=a}")),
        Arguments.of(
            "labels, external labels, https and another port",
            "- job_name: a\n  scheme: https\n  external_labels: {env: prod}\n"
                + "  static_configs:\n  - {targets: [h], labels: {zone: z, env: dev}}\n"
                + "  - {targets: ['[::1]:9']}\n"
                + ONLY_MEMORY,
            List.of(
                "memory https://h:443/debug/pprof/allocs 10s/13s {env=prod, instance=h:443, job=a, zone=z}",
                "memory https://[::1]:9/debug/pprof/allocs 10s/13s {env=prod, instance=[::1]:9, job=a}")),
        Arguments.of(
            "relabelling steers",
            "- job_name: a\n  static_configs: [{targets: ['h:1', 'k:2'], labels: {__meta_every: 30s}}]\n"
                + ONLY_MEMORY
                + """
                  relabel_configs:
                  - {source_labels: [__address__], regex: 'k:.*', action: drop}
                  - {source_labels: [__meta_every], target_label: __scrape_interval__}
                  - {source_labels: [__address__], regex: '(.+):(.+)', target_label: port, replacement: $2}
                  - {target_label: __param_gc, replacement: '1'}
                """,
            List.of(
                "memory http://h:1/debug/pprof/allocs?gc=1 30s/33s {instance=h:1, job=a, port=1}")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("configurations")
  void asksFor(String name, String jobs, List<String> expected) throws Exception {
    assertThat(
            discover(jobs).targets().stream()
                .map(TargetStatus::target)
                .map(ConfigTargetsTest::line))
        .containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void podsAskForScrapesByAnnotations() throws Exception {
    String pod = "__meta_kubernetes_pod_";
    String labels =
        "%1$sannotation_psc_dev_scrape: 'true', %1$sphase: Running, %1$sip: 'fd00::1',"
                .formatted(pod)
            + " %1$sannotation_psc_dev_port: '6060', %1$sannotation_psc_dev_path: /api/,"
                .formatted(pod)
            + " %1$sannotation_psc_dev_profiles: memory, %1$sannotation_psc_dev_interval: 30s,"
                .formatted(pod)
            + " %1$sname: web-1, __meta_kubernetes_namespace: shop".formatted(pod);
    ScraperSnapshot seen =
        discover(
            "- job_name: pods\n  kubernetes_preset: annotations\n  static_configs:\n"
                + "  - {targets: ['fd00::1'], labels: {"
                + labels
                + "}}\n  - {targets: ['10.0.0.2'], labels: {"
                + labels.replace("Running", "Succeeded")
                + "}}\n  - {targets: ['10.0.0.3:1']}\n");
    assertThat(seen.targets().stream().map(TargetStatus::target).map(ConfigTargetsTest::line))
        .containsExactly(
            "memory http://[fd00::1]:6060/api/debug/pprof/allocs 30s/33s"
                + " {instance=[fd00::1]:6060, job=pods, namespace=shop, pod=web-1}");
    assertThat(seen.jobs().get(0).invalid()).isEmpty();
    assertThat(seen.jobs().get(0).dropped()).hasSize(14);
  }
}
