package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.RecordingSink;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Nomad and Eureka. */
class RegistryDiscoveryTest extends CloudTest {

  private static final String WEB =
      """
      [{"ID": "_nomad-task-1", "ServiceName": "web", "Namespace": "%s", "NodeID": "n1",
        "Datacenter": "dc1", "JobID": "j", "AllocID": "a", "Tags": [%s], "Address": "10.0.0.5",
        "Port": 30456}]
      """;

  private void nomad(String namespace, String tags) {
    json(
        "/v1/services",
        "[{\"Namespace\": \"%s\", \"Services\": [{\"ServiceName\": \"web\", \"Tags\": []}]}]"
            .formatted(namespace));
    json(
        "/v1/service/web?namespace=" + namespace + "&region=global&stale=",
        WEB.formatted(namespace, tags));
  }

  @Test
  void makesTheLabelsOfPrometheusForNomad() {
    nomad("default", "\"a\", \"b\"");
    RecordingSink sink = start("nomad_sd_configs", quick("server", server.url("/")));
    sink.awaitAddresses("10.0.0.5:30456");
    assertThat(meta(sink.targets().get(0), "nomad"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.5:30456"),
                Map.entry("address", "10.0.0.5"),
                Map.entry("dc", "dc1"),
                Map.entry("namespace", "default"),
                Map.entry("node_id", "n1"),
                Map.entry("service", "web"),
                Map.entry("service_address", "10.0.0.5"),
                Map.entry("service_id", "_nomad-task-1"),
                Map.entry("service_port", "30456"),
                Map.entry("tags", ",a,b,")));
    assertThat(server.heads().get(0))
        .startsWith("GET /v1/services?namespace=default&region=global&stale= ");
  }

  @Test
  void asksForTheInstancesOfANamespaceInThatNamespace() {
    nomad("shop", "");
    RecordingSink sink =
        start("nomad_sd_configs", quick("server", server.url(""), "namespace", "*"));
    sink.awaitAddresses("10.0.0.5:30456");
    assertThat(meta(sink.targets().get(0), "nomad")).doesNotContainKey("tags");
  }

  @Test
  void sendsTheTokenAndHidesIt() {
    replies.put("/v1/services", new Reply(403, "text/plain", "ACL token not found"));
    RecordingSink sink =
        start(
            "nomad_sd_configs",
            quick(
                "server",
                server.url(""),
                "authorization",
                Map.of("credentials", Secret.of("hush"))));
    sink.awaitFailure(
        failure -> failure.contains("returned 403") && failure.contains("ACL token not found"));
    assertThat(server.heads().get(0)).containsIgnoringCase("Authorization: Bearer hush");
    assertThat(sink.failure()).doesNotContain("hush");
  }

  @Test
  void makesTheLabelsOfPrometheusForEureka() {
    xml(
        "/eureka/apps",
        """
        <applications>
          <versions__delta>1</versions__delta>
          <application>
            <name>WEB</name>
            <instance>
              <instanceId>h1:web:8080</instanceId>
              <hostName>h1.test</hostName>
              <ipAddr>10.0.0.6</ipAddr>
              <status>UP</status>
              <port enabled="true">8080</port>
              <securePort enabled="false">443</securePort>
              <countryId>1</countryId>
              <dataCenterInfo class="x$DefaultDataCenterInfo">
                <name>Amazon</name>
                <metadata><ami-id>ami-1</ami-id></metadata>
              </dataCenterInfo>
              <metadata><management.port>8090</management.port><note>a &amp; b</note></metadata>
              <homePageUrl>http://h1.test:8080/</homePageUrl>
              <statusPageUrl>http://h1.test:8080/info</statusPageUrl>
              <healthCheckUrl>http://h1.test:8080/health</healthCheckUrl>
              <vipAddress>web</vipAddress>
              <secureVipAddress>web-s</secureVipAddress>
            </instance>
          </application>
          <application><name>OLD</name><instance><hostName>h2.test</hostName></instance></application>
        </applications>
        """);
    RecordingSink sink = start("eureka_sd_configs", quick("server", server.url("/eureka")));
    sink.awaitAddresses("h1.test:8080", "h2.test:80");
    assertThat(meta(target(sink, "h1.test:8080"), "eureka"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "h1.test:8080"),
                Map.entry("instance", "h1:web:8080"),
                Map.entry("app_name", "WEB"),
                Map.entry("app_instance_hostname", "h1.test"),
                Map.entry("app_instance_homepage_url", "http://h1.test:8080/"),
                Map.entry("app_instance_statuspage_url", "http://h1.test:8080/info"),
                Map.entry("app_instance_healthcheck_url", "http://h1.test:8080/health"),
                Map.entry("app_instance_ip_addr", "10.0.0.6"),
                Map.entry("app_instance_vip_address", "web"),
                Map.entry("app_instance_secure_vip_address", "web-s"),
                Map.entry("app_instance_status", "UP"),
                Map.entry("app_instance_port", "8080"),
                Map.entry("app_instance_port_enabled", "true"),
                Map.entry("app_instance_secure_port", "443"),
                Map.entry("app_instance_secure_port_enabled", "false"),
                Map.entry("app_instance_datacenterinfo_name", "Amazon"),
                Map.entry("app_instance_datacenterinfo_metadata_ami_id", "ami-1"),
                Map.entry("app_instance_metadata_management_port", "8090"),
                Map.entry("app_instance_metadata_note", "a & b"),
                Map.entry("app_instance_country_id", "1"),
                Map.entry("app_instance_id", "h1:web:8080")));
    assertThat(meta(target(sink, "h2.test:80"), "eureka"))
        .containsEntry("app_instance_country_id", "0")
        .doesNotContainKey("app_instance_port");
  }

  @Test
  void readsEurekaInJsonToo() {
    json(
        "/apps",
        """
        {"applications": {"apps__hashcode": "UP_1_", "application": {"name": "WEB", "instance": [
          {"instanceId": "i", "hostName": "h1.test", "port": {"$": 8080, "@enabled": "true"},
           "metadata": {"@class": "java.util.Collections$EmptyMap", "zone": "a"}}]}}}
        """);
    RecordingSink sink = start("eureka_sd_configs", quick("server", server.url("")));
    sink.awaitAddresses("h1.test:8080");
    assertThat(meta(sink.targets().get(0), "eureka"))
        .containsEntry("app_instance_port_enabled", "true")
        .containsEntry("app_instance_metadata_zone", "a")
        .doesNotContainKey("app_instance_metadata__class");
  }

  @Test
  void readsNoEntitiesOfOthers() {
    xml(
        "/apps",
        "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><applications><application>"
            + "<name>&x;</name></application></applications>");
    start("eureka_sd_configs", quick("server", server.url("")))
        .awaitFailure(failure -> failure.contains("the response cannot be used"));
  }

  @Test
  void rejectsAnAnswerThatIsNoRegistry() {
    xml("/apps", "<html><body>hello</body></html>");
    start("eureka_sd_configs", quick("server", server.url("")))
        .awaitFailure(failure -> failure.contains("expected the element applications, found html"));
  }
}
