package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.label.LabelSet;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discovery against an agent of Consul. */
@Tag("interop")
class RealConsulTest {

  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path directory;

  private RealConsul consul;
  private DiscoveryFixture fixture;

  @BeforeEach
  void serve() throws Exception {
    consul = RealConsul.start(directory);
    fixture = new DiscoveryFixture();
  }

  @AfterEach
  void stop() {
    if (fixture != null) {
      fixture.close();
    }
    if (consul != null) {
      consul.close();
    }
  }

  private RecordingSink start(String token, Map<String, ?> more) {
    Map<String, Object> settings = new HashMap<>(more);
    settings.put("server", consul.address());
    settings.put("token", Secret.of(token));
    settings.put("refresh_interval", "100ms");
    return fixture.start(
        CloudDiscovery.of("consul_sd_configs", settings).create(fixture.context()));
  }

  private void register(String id, String name, String address, String tag)
      throws IOException, InterruptedException {
    consul.call(
        "PUT",
        "/v1/agent/service/register",
        """
        {"ID": "%s", "Name": "%s", "Address": "%s", "Port": 6060, "Tags": ["%s"],
         "Meta": {"app-version": "7"}, "Check": {"TTL": "1h", "Status": "critical"}}
        """
            .formatted(id, name, address, tag));
  }

  private static void awaitAddresses(RecordingSink sink, String... addresses) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(sink.addresses()).containsExactlyInAnyOrder(addresses));
  }

  @Test
  void followsTheCatalogAndKeepsTargetsThroughACrash() throws Exception {
    register("web-1", "web", "10.0.0.1", "a");
    RecordingSink sink =
        start(
            RealConsul.ROOT_TOKEN,
            Map.of("tags", List.of("a"), "filter", "ServiceMeta[\"app-version\"] == 7"));
    awaitAddresses(sink, "10.0.0.1:6060");
    LabelSet target = sink.targets().get(0);
    assertThat(target.toMap())
        .containsEntry("__meta_consul_dc", "dc-9")
        .containsEntry("__meta_consul_node", "node-1")
        .containsEntry("__meta_consul_address", "127.0.0.1")
        .containsEntry("__meta_consul_service", "web")
        .containsEntry("__meta_consul_service_id", "web-1")
        .containsEntry("__meta_consul_service_address", "10.0.0.1")
        .containsEntry("__meta_consul_service_port", "6060")
        .containsEntry("__meta_consul_service_metadata_app_version", "7")
        .containsEntry("__meta_consul_tags", ",a,")
        .containsEntry("__meta_consul_health", "critical")
        .containsEntry("__meta_consul_tagged_address_lan", "127.0.0.1");

    register("web-2", "web", "10.0.0.2", "a");
    register("db-1", "db", "10.0.0.3", "a");
    register("db-2", "db", "10.0.0.4", "b");
    awaitAddresses(sink, "10.0.0.1:6060", "10.0.0.2:6060", "10.0.0.3:6060");
    consul.call("PUT", "/v1/agent/check/pass/service:db-1", "");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                sink.targets().stream()
                    .anyMatch(found -> found.valueOf("__meta_consul_health").equals("passing")));
    consul.call("PUT", "/v1/agent/service/deregister/web-1", "");
    consul.call("PUT", "/v1/agent/service/deregister/web-2", "");
    awaitAddresses(sink, "10.0.0.3:6060");
    assertThat(sink.failures()).isEmpty();

    consul.kill();
    await().atMost(PATIENCE).until(() -> !sink.failure().isEmpty());
    assertThat(sink.addresses()).containsExactly("10.0.0.3:6060");
  }

  @Test
  void filtersByHealthAndNamedService() throws Exception {
    register("web-1", "web", "10.0.0.1", "a");
    register("web-2", "web", "10.0.0.2", "a");
    register("db-1", "db", "10.0.0.3", "a");
    consul.call("PUT", "/v1/agent/check/pass/service:web-2", "");
    RecordingSink sink =
        start(
            RealConsul.ROOT_TOKEN,
            Map.of(
                "services",
                List.of("web"),
                "health_filter",
                "not (Checks.Status == \"critical\")",
                "allow_stale",
                false));
    awaitAddresses(sink, "10.0.0.2:6060");
    consul.call("PUT", "/v1/agent/check/fail/service:web-2", "");
    awaitAddresses(sink);
  }

  @Test
  void reportsATokenThatIsNotKnown() {
    RecordingSink sink = start("b3f0c1d2-0000-4000-8000-00000000dead", Map.of());
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(sink.failure())
                    .contains("returned 403", "ACL not found", "check the credentials"));
    assertThat(sink.failure()).doesNotContain("dead");
  }
}
