package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.label.LabelSet;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Consul's HTTP API, with an index that makes queries block until something changes. */
class ConsulDiscoveryTest extends CloudTest {

  private static final Pattern INDEX = Pattern.compile("[?&]index=(\\d+)");

  private final Map<String, String> services = new LinkedHashMap<>();
  private final Map<String, String> instances = new LinkedHashMap<>();
  private long index = 7;
  private int failing;

  @Override
  void answer(TestServer.Call call) throws IOException, InterruptedException {
    String path = call.path().replaceAll("\\?.*", "");
    String body;
    long at;
    synchronized (this) {
      Matcher known = INDEX.matcher(call.path());
      if (known.find()) {
        long end = System.nanoTime() + 2_000_000_000L;
        while (Long.parseLong(known.group(1)) == index && System.nanoTime() < end) {
          wait(20);
        }
      }
      at = index;
      if (failing > 0) {
        call.answer(failing, "text/plain", "Permission denied");
        return;
      }
      if (path.equals("/v1/agent/self")) {
        call.answer(200, "application/json", "{\"Config\": {\"Datacenter\": \"dc-1\"}}");
        return;
      }
      if (path.equals("/v1/catalog/services")) {
        StringBuilder all = new StringBuilder();
        services.forEach(
            (name, tags) ->
                all.append(all.isEmpty() ? "" : ",").append("\"" + name + "\": [" + tags + "]"));
        body = "{" + all + "}";
      } else {
        String name = path.substring("/v1/health/service/".length());
        body = "[" + instances.getOrDefault(name, "") + "]";
      }
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    call.write(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Consul-Index: "
            + at
            + "\r\nContent-Length: "
            + bytes.length
            + "\r\n\r\n");
    call.write(bytes);
  }

  private synchronized void service(String name, String tags, String... addresses) {
    services.put(name, tags);
    StringBuilder all = new StringBuilder();
    for (String address : addresses) {
      all.append(all.isEmpty() ? "" : ",");
      all.append(
          """
          {"Node": {"Node": "n1", "Address": "10.0.0.9"},
           "Service": {"ID": "%s-1", "Service": "%s", "Address": "%s", "Port": 6060, "Tags": [%s]},
           "Checks": []}
          """
              .formatted(name, name, address, tags));
    }
    instances.put(name, all.toString());
    index++;
    notifyAll();
  }

  private synchronized void remove(String name) {
    services.remove(name);
    instances.remove(name);
    index++;
    notifyAll();
  }

  private synchronized void fail(int status) {
    failing = status;
    index++;
    notifyAll();
  }

  private RecordingSink start(Object... more) {
    Map<String, Object> settings = quick(more);
    settings.put("server", server.address());
    return start("consul_sd_configs", settings);
  }

  @Test
  void makesTheLabelsOfPrometheus() {
    services.put("web", "\"a\"");
    instances.put(
        "web",
        """
        {"Node": {"ID": "9c7", "Node": "node-1", "Address": "10.0.0.1", "Datacenter": "dc-1",
                  "Meta": {"rack-name": "r7"}, "TaggedAddresses": {"wan_ipv4": "1.2.3.4"}},
         "Service": {"ID": "web-1", "Service": "web", "Tags": ["a", "b"], "Address": "fd00::5",
                     "Port": 6060, "Meta": {"app.version": "3"}, "Namespace": "ns", "Partition": "p"},
         "Checks": [{"CheckID": "serfHealth", "Status": "passing"},
                    {"CheckID": "service:web-1", "Status": "warning"}]}
        """);
    RecordingSink sink = start();
    sink.awaitAddresses("[fd00::5]:6060");
    assertThat(meta(sink.targets().get(0), "consul"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "[fd00::5]:6060"),
                Map.entry("address", "10.0.0.1"),
                Map.entry("dc", "dc-1"),
                Map.entry("health", "warning"),
                Map.entry("metadata_rack_name", "r7"),
                Map.entry("namespace", "ns"),
                Map.entry("node", "node-1"),
                Map.entry("partition", "p"),
                Map.entry("service", "web"),
                Map.entry("service_address", "fd00::5"),
                Map.entry("service_id", "web-1"),
                Map.entry("service_metadata_app_version", "3"),
                Map.entry("service_port", "6060"),
                Map.entry("tagged_address_wan_ipv4", "1.2.3.4"),
                Map.entry("tags", ",a,b,")));
    assertThat(sink.sources()).containsExactly("web");
  }

  @Test
  void usesTheAddressOfTheNodeWithoutOneOfTheServiceAndSurroundsNoTags() {
    service("plain", "", "");
    RecordingSink sink = start("tag_separator", "|");
    sink.awaitAddresses("10.0.0.9:6060");
    LabelSet target = sink.targets().get(0);
    assertThat(target.valueOf("__meta_consul_tags")).isEqualTo("||");
    assertThat(target.valueOf("__meta_consul_health")).isEqualTo("passing");
  }

  @Test
  void followsServicesThatComeChangeAndGo() {
    service("a", "", "10.1.0.1");
    RecordingSink sink = start();
    sink.awaitAddresses("10.1.0.1:6060");
    service("b", "", "10.1.0.2");
    sink.awaitAddresses("10.1.0.1:6060", "10.1.0.2:6060");
    service("a", "", "10.1.0.3", "10.1.0.4");
    sink.awaitAddresses("10.1.0.2:6060", "10.1.0.3:6060", "10.1.0.4:6060");
    remove("a");
    sink.awaitAddresses("10.1.0.2:6060");
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void publishesTheCompleteSetFirst() {
    for (int i = 1; i <= 20; i++) {
      service("s" + i, "", "10.2.0." + i);
    }
    RecordingSink sink = start();
    await().atMost(RecordingSink.PATIENCE).until(() -> !sink.addresses().isEmpty());
    assertThat(sink.addresses()).hasSize(20);
    assertThat(sink.replacements()).isEqualTo(1);
  }

  @Test
  void watchesNamedServicesWithoutTheCatalog() {
    service("a", "", "10.1.0.1");
    service("b", "", "10.1.0.2");
    RecordingSink sink = start("services", List.of("b"), "datacenter", "dc-9");
    sink.awaitAddresses("10.1.0.2:6060");
    assertThat(sink.targets().get(0).valueOf("__meta_consul_dc")).isEqualTo("dc-9");
    assertThat(server.heads()).noneMatch(head -> head.contains("/catalog/"));
    assertThat(server.heads()).noneMatch(head -> head.contains("/agent/"));
  }

  @Test
  void keepsOnlyServicesThatHaveAllTags() {
    service("a", "\"x\", \"y\"", "10.1.0.1");
    service("b", "\"x\"", "10.1.0.2");
    RecordingSink sink = start("tags", List.of("x", "y"));
    sink.awaitAddresses("10.1.0.1:6060");
    assertThat(server.heads()).anyMatch(head -> head.contains("tag=x&tag=y"));
  }

  @Test
  void sendsEverySettingToTheServer() {
    service("web", "", "10.1.0.1");
    RecordingSink sink =
        start(
            "token", Secret.of("hush"),
            "datacenter", "d c",
            "namespace", "n",
            "partition", "p",
            "node_meta", Map.of("rack", "r1"),
            "filter", "ServiceName == web",
            "health_filter", "Checks.Status != critical",
            "path_prefix", "proxy");
    await()
        .atMost(RecordingSink.PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(server.heads()).isNotEmpty();
              assertThat(server.heads().get(0))
                  .startsWith(
                      "GET /proxy/v1/catalog/services?stale=&dc=d%20c&ns=n&partition=p"
                          + "&node-meta=rack%3Ar1&filter=ServiceName%20%3D%3D%20web&wait=120000ms ")
                  .containsIgnoringCase("X-Consul-Token: hush");
            });
    assertThat(sink.failures()).noneMatch(failure -> failure.contains("hush"));
  }

  @Test
  void asksTheLeaderOnlyWithoutStaleAnswers() {
    service("web", "", "10.1.0.1");
    start("allow_stale", false, "services", List.of("web"), "health_filter", "F")
        .awaitAddresses("10.1.0.1:6060");
    assertThat(server.heads()).noneMatch(head -> head.contains("stale"));
    assertThat(server.heads())
        .anyMatch(head -> head.startsWith("GET /v1/health/service/web?dc=dc-1&filter=F&wait="));
  }

  @Test
  void keepsTargetsThroughAFailureAndSaysWhy() {
    service("a", "", "10.1.0.1");
    RecordingSink sink = start("token", Secret.of("hush"));
    sink.awaitAddresses("10.1.0.1:6060");
    fail(403);
    sink.awaitFailure(
        failure ->
            failure.contains("returned 403")
                && failure.contains("Permission denied")
                && failure.contains("check the credentials"));
    assertThat(sink.addresses()).containsExactly("10.1.0.1:6060");
    synchronized (this) {
      failing = 0;
      instances.put("a", instances.getOrDefault("a", "").replace("10.1.0.1", "10.1.0.7"));
      index = 2;
    }
    sink.awaitAddresses("10.1.0.7:6060");
    sink.awaitFailure(String::isEmpty);
    assertThat(String.join("", sink.failures())).doesNotContain("hush");
  }

  @Test
  void findsTheDatacenterWhenTheAgentComesLate() {
    service("a", "", "10.1.0.1");
    fail(500);
    RecordingSink sink = start();
    sink.awaitFailure(failure -> failure.contains("/v1/agent/self returned 500"));
    assertThat(sink.replacements()).isZero();
    fail(0);
    sink.awaitAddresses("10.1.0.1:6060");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void hasNoTargetsWithoutServices() {
    RecordingSink sink = start();
    await().atMost(RecordingSink.PATIENCE).until(() -> sink.replacements() == 1);
    assertThat(sink.addresses()).isEmpty();
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void doesNotAskMoreOftenThanTheRefreshInterval() {
    service("a", "", "10.1.0.1");
    Map<String, Object> settings = quick("server", server.address(), "services", List.of("a"));
    settings.put("refresh_interval", "1h");
    settings.put("datacenter", "d");
    RecordingSink sink = start("consul_sd_configs", settings);
    sink.awaitAddresses("10.1.0.1:6060");
    service("a", "", "10.1.0.2");
    service("a", "", "10.1.0.3");
    assertThat(server.heads()).hasSize(1);
  }

  @Test
  void closingEndsTheQueries() {
    service("a", "", "10.1.0.1");
    RecordingSink sink = start();
    sink.awaitAddresses("10.1.0.1:6060");
    await().atMost(RecordingSink.PATIENCE).until(() -> blocked() == 2);
    fixture.close();
    int asked = server.heads().size();
    service("a", "", "10.1.0.2");
    await()
        .during(Duration.ofSeconds(1))
        .atMost(RecordingSink.PATIENCE)
        .until(() -> server.heads().size() == asked);
    assertThat(sink.addresses()).containsExactly("10.1.0.1:6060");
  }

  /** Returns how many queries for the present state wait for another. */
  private synchronized long blocked() {
    return server.heads().stream().filter(head -> head.contains("index=" + index)).count();
  }

  @Test
  void rejectsAnAnswerOfAnotherForm() {
    services.put("a", "");
    instances.put("a", "{\"Node\": []}");
    RecordingSink sink = start();
    sink.awaitFailure(
        failure -> failure.contains("the response cannot be used: expected an object at [0].Node"));
  }
}
