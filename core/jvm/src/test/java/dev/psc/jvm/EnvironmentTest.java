package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.jvm.profile.ProfilingEngine;
import dev.psc.label.LabelSet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentTest {

  private static ProfilingSettings apply(Map<String, String> values) {
    return environment(JvmProfiling.builder(), List.of(values)).settings();
  }

  private static JvmProfiling.Builder environment(
      JvmProfiling.Builder builder, List<Map<String, String>> layers) {
    List<Function<String, @Nullable String>> values = new ArrayList<>();
    layers.forEach(layer -> values.add(layer::get));
    return builder.environment(new Environment(new SettingValues(values)));
  }

  @Test
  void theFlightRecorderIsTheEngineUnlessAnotherIsNamed() {
    assertThat(apply(Map.of()).capture.build().engine()).isEqualTo(ProfilingEngine.JFR);
    assertThat(apply(Map.of("PSC_ENGINE", "async-profiler")).capture.build().engine())
        .isEqualTo(ProfilingEngine.ASYNC_PROFILER);
    assertThat(apply(Map.of("PSC_ENGINE", "Auto")).capture.build().engine())
        .isEqualTo(ProfilingEngine.AUTO);
  }

  @Test
  void profilesAreNamedAddedAndRemoved() {
    assertThat(apply(Map.of("PSC_PROFILES", "cpu, goroutine")).profiles)
        .containsExactlyInAnyOrder(JvmProfile.PROCESS_CPU, JvmProfile.GOROUTINE);
    assertThat(apply(Map.of("PSC_PROFILES", "+exceptions,-mutex")).profiles)
        .contains(JvmProfile.EXCEPTIONS, JvmProfile.PROCESS_CPU)
        .doesNotContain(JvmProfile.MUTEX);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PSC_PROFILES|cpuu|PSC_PROFILES must be a list such as",
        "PSC_ENGINE|perf|PSC_ENGINE must be jfr, async-profiler or auto, but was \"perf\"",
        "PSC_INTERVAL|10|PSC_INTERVAL must be a duration",
        "PSC_INTERVAL|10ms|PSC_INTERVAL: interval must be at least 1 s, but was",
        "PSC_LABELS|novalue|PSC_LABELS must be name=value,name=value, but was \"novalue\"",
        "PSC_LABELS|a-b=c|PSC_LABELS: label name \"a-b\"",
        "PSC_PPROF_ADDRESS|localhost|PSC_PPROF_ADDRESS must be host:port",
        "PSC_PPROF_ADDRESS|:99999|a port between 0 and 65535",
        "PSC_STACK_DEPTH|4096|PSC_STACK_DEPTH: stackDepth must be between 16 and 2048, but was 4096",
        "PSC_SPLIT_MAX_SERIES|0|splitMaxSeries must be between 1 and 1000, but was 0",
        "PSC_EXACT_ALLOCATIONS|maybe|PSC_EXACT_ALLOCATIONS must be true or false, but was \"maybe\"",
        "PSC_ALLOCATIONS_PER_SECOND|many|must be a whole number, but was \"many\"",
        "PSC_ALLOCATIONS_PER_SECOND|0|must be between 1 and 10000, but was 0",
        "PSC_QUEUE_MAX_BYTES|lots|PSC_QUEUE_MAX_BYTES must be a size",
        "PSC_QUEUE_MAX_BYTES|1kB|queueMaxBytes must be at least 65536, but was 1000",
        "PSC_SPOOL_MAX_BYTES|9999999TiB|must be a size below 8 EiB",
        "PSC_SPOOL_MAX_BYTES|1|spoolMaxBytes must be at least 1048576, but was 1",
      })
  void aWrongSettingNamesItself(String name, String value, String message) {
    assertThatThrownBy(() -> apply(Map.of(name, value)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aPortAloneIsForThisMachineOnly() {
    assertThat(SettingValues.address("X", ":6060").getAddress().isLoopbackAddress()).isTrue();
    assertThat(SettingValues.address("X", "[::1]:6060").getPort()).isEqualTo(6060);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "TRUE,true", "1,true", "Yes,true", "false,false", "0,false", "NO,false"})
  void flagsHaveTheSpellingsOfTheScraper(String text, boolean value) {
    assertThat(apply(Map.of("PSC_THREAD_NAMES", text)).capture.build().threadNames())
        .isEqualTo(value);
  }

  @Test
  void readsAllSettingsOfAStore() {
    SinkSettings store =
        Objects.requireNonNull(
            apply(
                    Map.of(
                        "PSC_STORE_ADDRESS", "localhost:7070",
                        "PSC_INSECURE", "yes",
                        "PSC_ALLOW_PLAINTEXT_TOKEN", "1",
                        "PSC_ALLOW_PROJECT_TOKEN", "True",
                        "PSC_GRPC_HEADERS", "projectID=1; x-team = shop=a,b;"))
                .environmentStore);
    assertThat(store.plaintext()).isTrue();
    assertThat(store.allowPlaintextToken()).isTrue();
    assertThat(store.allowProjectToken()).isTrue();
    assertThat(store.headers()).isEqualTo(Map.of("projectID", "1", "x-team", "shop=a,b"));
  }

  @ParameterizedTest
  @CsvSource({"secret", "=secret", "'A=1;a=secret'"})
  void messagesAboutHeadersHaveNoValue(String headers) {
    assertThatThrownBy(
            () -> apply(Map.of("PSC_STORE_ADDRESS", "localhost:1", "PSC_GRPC_HEADERS", headers)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PSC_GRPC_HEADERS")
        .hasMessageNotContaining("secret");
  }

  @Test
  void layersWinInOneOrderWhateverTheOrderOfCalls() {
    List<Map<String, String>> layers =
        List.of(
            Map.of("PSC_STACK_DEPTH", "64"),
            Map.of("PSC_INTERVAL", "20s", "PSC_STACK_DEPTH", "65", "PSC_CPU_PERIOD", "20ms"),
            Map.of("PSC_INTERVAL", "30s", "PSC_STACK_DEPTH", "66", "PSC_PROFILES", "wall"));
    ProfilingSettings before =
        environment(JvmProfiling.builder().cpuPeriod(Duration.ofMillis(5)), layers).settings();
    ProfilingSettings after =
        environment(JvmProfiling.builder(), layers).cpuPeriod(Duration.ofMillis(5)).settings();
    for (ProfilingSettings settings : List.of(before, after)) {
      assertThat(settings.capture.build().cpuPeriod()).isEqualTo(Duration.ofMillis(5));
      assertThat(settings.capture.build().stackDepth()).isEqualTo(64);
      assertThat(settings.interval).isEqualTo(Duration.ofSeconds(20));
      assertThat(settings.profiles).containsExactly(JvmProfile.WALL);
    }
  }

  @Test
  void labelsAreMergedPerName() {
    List<Map<String, String>> layers =
        List.of(
            Map.of("PSC_LABELS", "zone=a"),
            Map.of("PSC_LABELS", "zone=b,job=env,team=x", "OTEL_SERVICE_NAME", "cart"));
    LabelSet set = LabelSet.of("job", "shop", "version", "1");
    Map<String, String> merged =
        Map.of("zone", "a", "job", "shop", "team", "x", "service_name", "cart", "version", "1");
    assertThat(environment(JvmProfiling.builder(), layers).labels(set).settings().labels.toMap())
        .isEqualTo(merged);
    assertThat(environment(JvmProfiling.builder().labels(set), layers).settings().labels.toMap())
        .isEqualTo(merged);
  }

  @Test
  void aTokenFileOfAStrongerLayerReplacesAToken() {
    Map<String, String> environment =
        Map.of("PSC_STORE_ADDRESS", "localhost:1", "PSC_BEARER_TOKEN", "t");
    SinkSettings store =
        Objects.requireNonNull(
            environment(
                    JvmProfiling.builder(),
                    List.of(Map.of("PSC_BEARER_TOKEN_FILE", "/run/token"), environment))
                .settings()
                .environmentStore);
    assertThat(store.token()).isEmpty();
    assertThat(store.tokenFile()).hasValue(Path.of("/run/token"));
    Map<String, String> both = new HashMap<>(environment);
    both.put("PSC_BEARER_TOKEN_FILE", "/run/token");
    assertThatThrownBy(() -> apply(both))
        .hasMessage(
            "PSC_BEARER_TOKEN and PSC_BEARER_TOKEN_FILE are mutually exclusive: set one of them");
  }

  @Test
  void anEmptyValueOfAStrongerLayerClearsASetting() {
    ProfilingSettings settings =
        environment(
                JvmProfiling.builder(),
                List.of(
                    Map.of("PSC_STORE_ADDRESS", "", "PSC_LABELS", ""),
                    Map.of("PSC_STORE_ADDRESS", "localhost:1", "PSC_LABELS", "a=b")))
            .settings();
    assertThat(settings.environmentStore).isNull();
    assertThat(settings.labels.toMap()).isEmpty();
  }

  @Test
  void everyNameIsListed() {
    assertThat(Environment.NAMES).doesNotHaveDuplicates().allMatch(n -> n.startsWith("PSC_"));
  }

  @Test
  void resourceAttributesBecomeLabelsThatConfiguredOnesReplace() {
    ProfilingSettings settings =
        apply(
            Map.of(
                "OTEL_RESOURCE_ATTRIBUTES",
                "service.name=cart,service.namespace=shop,service.version=1%2C2,"
                    + "service.instance.id=cart-0,deployment.environment.name=prod,"
                    + "k8s.pod.name=cart-0-x,telemetry.sdk.language=java",
                "OTEL_SERVICE_NAME",
                "cart2",
                "PSC_LABELS",
                "service_version=9"));
    assertThat(settings.labels)
        .isEqualTo(
            LabelSet.of(
                "service_name", "cart2",
                "service_namespace", "shop",
                "service_version", "9",
                "instance", "cart-0",
                "deployment_environment_name", "prod",
                "k8s_pod_name", "cart-0-x"));
    assertThat(settings.pushedLabels()).isEqualTo(settings.labels);
  }

  @Test
  void aListOfResourceAttributesThatIsNotValidIsIgnored() {
    assertThat(apply(Map.of("OTEL_RESOURCE_ATTRIBUTES", "service.name=cart,novalue")).labels)
        .isEqualTo(LabelSet.empty());
  }

  @Test
  void replicasPushWithTheirHost() {
    assertThat(apply(Map.of("PSC_LABELS", "job=a")).pushedLabels().valueOf("instance"))
        .isNotEmpty();
    assertThat(apply(Map.of("PSC_LABELS", "job=a", "PSC_INSTANCE_LABEL", "false")).pushedLabels())
        .isEqualTo(LabelSet.of("job", "a"));
    assertThat(ResourceAttributes.instance(Map.of("HOSTNAME", "h", "POD_NAME", "p")::get))
        .isEqualTo("p");
  }

  @Test
  void oneDestinationOfTheEnvironmentIsEnough() {
    assertThatThrownBy(
            () ->
                apply(
                        Map.of(
                            "PSC_STORE_ADDRESS",
                            "x:1",
                            "PSC_OTLP_ENDPOINT",
                            "http://localhost:4318"))
                    .check(false))
        .hasMessageContaining("PSC_STORE_ADDRESS and PSC_OTLP_ENDPOINT are mutually exclusive");
  }
}
