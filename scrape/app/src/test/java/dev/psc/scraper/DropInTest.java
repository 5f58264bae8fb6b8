package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import dev.psc.net.Json;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.config.ConfigFile;
import dev.psc.store.proto.profilestore.Label;
import dev.psc.store.proto.profilestore.LabelSet;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.RawSample;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.scrape.ScrapeServiceGrpc;
import dev.psc.store.proto.scrape.Target;
import dev.psc.store.proto.scrape.TargetsRequest;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What an existing installation of the Polar Signals scraper relies on, on the real port. */
class DropInTest {

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir private Path directory;
  private EmbeddedProfileStore store;
  private ScraperRun run;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws Exception {
    store = EmbeddedProfileStore.builder().start();
    Files.writeString(directory.resolve("token"), store.token().reveal());
    store.writeAuthority(directory.resolve("ca.pem"));
    Files.writeString(
        directory.resolve("scraper.yaml"),
        """
        scrape_configs:
        - job_name: app
          scrape_interval: 1h
          params: {debug: ['0']}
          basic_auth: {username: u, password: a-password}
          follow_redirects: off
          static_configs:
          - {targets: ['10.255.255.1:80'], labels: {team: shop}}
          - {targets: ['10.255.255.2:80'], labels: {drop: me}}
          relabel_configs:
          - {source_labels: [drop], regex: me, action: drop}
          - {target_label: __meta_gone, replacement: x}
          profiling_config:
            pprof_config:
              memory: {enabled: yes}
              block: {enabled: no}
              mutex: {enabled: n}
              goroutine: {enabled: off}
              process_cpu: {enabled: N}
        """);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--mode=scraper-only",
                "--config-path=" + directory.resolve("scraper.yaml"),
                "--store-address=" + store.address(),
                "--bearer-token-file=" + directory.resolve("token"),
                "--ca-file=" + directory.resolve("ca.pem"),
                "--project-id=" + store.project(),
                "--path-prefix=/profiles/",
                "--http-address=127.0.0.1:0"));
    run = ScraperRun.start(CommandLineReader.read(arguments.toArray(String[]::new), Map.of()));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", run.port()).usePlaintext().build();
    await().atMost(Duration.ofSeconds(30)).until(() -> get("/readyz").statusCode() == 200);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    run.close();
    store.close();
  }

  private HttpResponse<String> get(String path) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + run.port() + path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static List<String> names(LabelSet labels) {
    return labels.getLabelsList().stream().map(Label::getName).toList();
  }

  @Test
  void listsTheLabelSetsOfParca() {
    List<Target> targets =
        ScrapeServiceGrpc.newBlockingStub(channel)
            .targets(TargetsRequest.getDefaultInstance())
            .getTargetsOrThrow("app")
            .getTargetsList();
    assertThat(targets).as("yes, no, n, off and N are booleans").hasSize(2);
    Target active = targets.get(0);
    assertThat(names(active.getLabels())).containsExactlyInAnyOrder("instance", "job", "team");
    assertThat(names(active.getDiscoveredLabels()))
        .containsExactlyInAnyOrder(
            "__address__",
            "__name__",
            "__param_debug",
            "__profile_path__",
            "__scheme__",
            "job",
            "team");
    assertThat(active.getLastScrape().getSeconds()).as("0001-01-01").isEqualTo(-62_135_596_800L);
    Target dropped = targets.get(1);
    assertThat(dropped.hasLabels()).isTrue();
    assertThat(names(dropped.getLabels())).isEmpty();
    assertThat(names(dropped.getDiscoveredLabels())).contains("drop", "__name__");
  }

  @Test
  void hasTheTargetsAsJsonToo() throws Exception {
    String all = get("/api/targets").body();
    assertThat(Json.parse(all)).isInstanceOf(Map.class);
    assertThat(all)
        .startsWith("{\"targets\":{\"app\":{\"targets\":[{\"discoveredLabels\":{\"labels\":[")
        .contains("{\"name\":\"team\",\"value\":\"shop\"}", "{\"name\":\"drop\",\"value\":\"me\"}")
        .contains("\"lastScrape\":\"0001-01-01T00:00:00Z\",\"lastScrapeDuration\":\"0s\"")
        .contains("\"health\":\"HEALTH_UNKNOWN_UNSPECIFIED\"");
    assertThat(get("/api/targets?state=STATE_ACTIVE").body())
        .contains("shop")
        .doesNotContain("\"drop\"");
    assertThat(get("/api/targets?state=2").body()).contains("\"drop\"").doesNotContain("shop");
  }

  @Test
  void forwardsProfilesOfOthersToTheStore() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    String large =
        "main.keep"
            + new Random(1)
                .ints(150_000, 'a', 'z')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append);
    int function = profile.function(large, large, "main.go", 1);
    int location = profile.location(profile.mapping("app", ""), 0x10, function, 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 4096);
    var stub = ProfileStoreServiceGrpc.newBlockingStub(channel);
    RawProfileSeries series =
        RawProfileSeries.newBuilder()
            .setLabels(
                LabelSet.newBuilder()
                    .addLabels(Label.newBuilder().setName("__name__").setValue("memory"))
                    .addLabels(Label.newBuilder().setName("sender").setValue("other")))
            .addSamples(
                RawSample.newBuilder()
                    .setRawProfile(ByteString.copyFrom(profile.timeNanos(1).build())))
            .build();
    var unused = stub.writeRaw(WriteRawRequest.newBuilder().addSeries(series).build());
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                store.profiles(store.project()).stream()
                    .anyMatch(one -> one.labels().valueOf("sender").equals("other")));
    RawProfileSeries illegal =
        series.toBuilder()
            .setLabels(
                LabelSet.newBuilder()
                    .addLabels(Label.newBuilder().setName("not a name").setValue("x")))
            .build();
    assertThatThrownBy(() -> stub.writeRaw(WriteRawRequest.newBuilder().addSeries(illegal).build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
  }

  @Test
  void servesEveryPageBelowThePrefixToo() throws Exception {
    for (String page : List.of("/", "/status", "/metrics", "/healthz", "/api/status")) {
      assertThat(get("/profiles" + page).statusCode()).as(page).isEqualTo(200);
      assertThat(get(page).statusCode()).as(page).isEqualTo(200);
    }
    HttpResponse<String> bare = get("/profiles");
    assertThat(bare.statusCode()).isEqualTo(308);
    assertThat(bare.headers().firstValue("location")).contains("/profiles/");
    assertThat(get("/profilesque").statusCode()).isEqualTo(404);
  }

  @Test
  void hasTheMetricsThatDashboardsUseFromTheStart() throws Exception {
    assertThat(get("/metrics").body())
        .contains(
            "\nparca_config_last_reload_successful 1\n",
            "\npsc_scrapes_total{job=\"app\",outcome=\"ok\"} 0\n",
            "\npsc_scrape_failures_total{job=\"app\"} 0\n",
            "\npsc_scrape_missed_intervals_total{job=\"app\"} 0\n")
        .containsPattern("\npsc_delivery_dropped_total\\{reason=\"[a-z_]+\"} 0\n")
        .containsPattern("\nparca_config_last_reload_success_timestamp_seconds [1-9]")
        .containsPattern("\nprocess_cpu_seconds_total [0-9.]+\n")
        .containsPattern("\nprocess_resident_memory_bytes [1-9]")
        .containsPattern("\nprocess_open_fds [1-9]")
        .containsPattern("\nprocess_max_fds [1-9]")
        .containsPattern("\nprocess_start_time_seconds [1-9]");
  }

  @Test
  void showsTheConfigInUseWithoutItsSecrets() throws Exception {
    HttpResponse<String> config = get("/config");
    assertThat(config.headers().firstValue("content-type")).contains("text/yaml; charset=utf-8");
    assertThat(config.body())
        .contains("job_name: app", "scrape_interval: 1h", "username: u")
        .doesNotContain("a-password");
  }

  @Test
  void migrationGuideNamesOnlyMetricsAndKeysThatExist() throws Exception {
    String guide = Files.readString(Path.of("MIGRATING.md"));
    String metrics = get("/metrics").body();
    List<String> rows = section(guide, "## Metrics");
    assertThat(rows).hasSizeGreaterThan(10);
    for (String row : rows) {
      String[] cells = row.split("\\|", -1);
      String ours = cells[2].strip().equals("the same") ? cells[1] : cells[2].split(" with ", 2)[0];
      for (String name : quoted(ours)) {
        assertThat(metrics).contains("# TYPE " + name + " ");
      }
    }
    Path wrong = Files.writeString(directory.resolve("wrong.yaml"), "scrape_configs: [{zz: 1}]\n");
    assertThatThrownBy(() -> ConfigFile.read(wrong))
        .satisfies(
            e -> {
              for (String row : section(guide, "## Config keys")) {
                String keys = row.split("\\|", -1)[1];
                for (String key : quoted(keys.startsWith(" other") ? "" : keys)) {
                  assertThat(e.getMessage() + ", object_storage").contains(key);
                }
              }
            });
  }

  private static List<String> section(String guide, String title) {
    String text = guide.substring(guide.indexOf(title));
    int end = text.indexOf("\n## ", 1);
    return (end < 0 ? text : text.substring(0, end))
        .lines()
        .filter(line -> line.startsWith("| `"))
        .toList();
  }

  private static List<String> quoted(String cell) {
    List<String> names = new ArrayList<>();
    Matcher name = Pattern.compile("`([a-z_]+)`").matcher(cell);
    while (name.find()) {
      names.add(name.group(1));
    }
    return names;
  }

  @Test
  void alertsAndDashboardNameOnlyMetricsThatExist() throws Exception {
    String metrics = get("/metrics").body();
    Path monitoring = Path.of("deploy", "monitoring");
    Object rules =
        new Load(LoadSettings.builder().build())
            .loadFromString(Files.readString(monitoring.resolve("alerts.yaml")));
    Object dashboard = Json.parse(Files.readString(monitoring.resolve("dashboard.json")));
    List<String> expressions = new ArrayList<>();
    expressions(rules, expressions);
    expressions(dashboard, expressions);
    assertThat(expressions).hasSizeGreaterThan(30);
    for (String expression : expressions) {
      List<String> names = new ArrayList<>();
      Matcher name = Pattern.compile("\\b(?:psc|process)_[a-z_]+").matcher(expression);
      while (name.find()) {
        names.add(name.group());
      }
      assertThat(names).as(expression).isNotEmpty();
      for (String each : names) {
        assertThat(metrics).contains("# TYPE " + each.replaceAll("_(sum|count)$", "") + " ");
      }
    }
  }

  private static void expressions(Object node, List<String> found) {
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            if (key.equals("expr")) {
              found.add(value.toString());
            } else {
              expressions(value, found);
            }
          });
    } else if (node instanceof List<?> list) {
      list.forEach(each -> expressions(each, found));
    }
  }
}
