package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.label.LabelSet;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What must hold against any API server. It runs against a fake one, or against a real one whose
 * URL is in {@code PSC_TEST_KUBE_API} and wants no credentials, e.g. that of {@code kubectl proxy};
 * a namespace is made there and deleted in the end.
 */
class ApiServerSuiteTest {

  private final HttpClient client = HttpClient.newHttpClient();
  private final String namespace = "psc-test-" + Long.toString(System.nanoTime(), 36);
  private final DiscoveryFixture fixture = new DiscoveryFixture();
  private @Nullable FakeApiServer fake;
  private URI api = URI.create("http://unset");

  @BeforeEach
  void createNamespace() throws IOException, InterruptedException {
    String real = System.getenv("PSC_TEST_KUBE_API");
    if (real == null || real.isEmpty()) {
      fake = new FakeApiServer();
      api = fake.uri();
    } else {
      api = URI.create(real);
    }
    send(
        "POST",
        "/api/v1/namespaces",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\""
            + namespace
            + "\"}}");
  }

  @AfterEach
  void deleteNamespace() throws IOException, InterruptedException {
    fixture.close();
    send("DELETE", "/api/v1/namespaces/" + namespace, "");
    if (fake != null) {
      fake.close();
    }
  }

  private void send(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(api + path))
            .version(HttpClient.Version.HTTP_1_1)
            .header(
                "Content-Type",
                method.equals("PATCH") ? "application/merge-patch+json" : "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isBetween(200, 202);
  }

  private String core(String plural) {
    return "/api/v1/namespaces/" + namespace + "/" + plural;
  }

  private RecordingSink discover(KubernetesRole role) {
    KubernetesDiscovery settings =
        KubernetesDiscovery.builder(role).apiServer(api).namespaces(List.of(namespace)).build();
    return fixture.start(settings.create(fixture.context()));
  }

  private static String label(RecordingSink sink, String name) {
    List<LabelSet> targets = sink.targets();
    return targets.isEmpty() ? "" : targets.get(0).valueOf("__meta_kubernetes_" + name);
  }

  private static void awaitLabel(RecordingSink sink, String name, String value) {
    await().atMost(RecordingSink.PATIENCE).until(() -> label(sink, name).equals(value));
  }

  private static final String SERVICE =
      """
      {"apiVersion": "v1", "kind": "Service",
       "metadata": {"name": "web", "labels": {"team": "a"}},
       "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}}
      """;

  @Test
  void followsServices() throws Exception {
    RecordingSink sink = discover(KubernetesRole.SERVICE);
    send("POST", core("services"), SERVICE);
    sink.awaitAddresses("web." + namespace + ".svc:8080");
    assertThat(label(sink, "service_port_name")).isEqualTo("http");
    send("PATCH", core("services/web"), "{\"metadata\":{\"labels\":{\"team\":\"b\"}}}");
    awaitLabel(sink, "service_label_team", "b");
    send("DELETE", core("services/web"), "");
    sink.awaitAddresses();
  }

  @Test
  void followsPods() throws Exception {
    RecordingSink sink = discover(KubernetesRole.POD);
    send(
        "POST",
        core("pods"),
        """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
         "spec": {"schedulerName": "none", "automountServiceAccountToken": false,
           "containers": [{"name": "main", "image": "scratch:1",
             "ports": [{"name": "pprof", "containerPort": 6060}]}]}}
        """);
    send(
        "PATCH",
        core("pods/web/status"),
        """
        {"status": {"phase": "Running", "podIP": "10.99.0.1", "podIPs": [{"ip": "10.99.0.1"}]}}
        """);
    sink.awaitAddresses("10.99.0.1:6060");
    assertThat(label(sink, "pod_container_port_name")).isEqualTo("pprof");
    assertThat(label(sink, "pod_phase")).isEqualTo("Running");
    send("PATCH", core("pods/web/status"), "{\"status\": {\"phase\": \"Succeeded\"}}");
    sink.awaitAddresses();
  }

  @Test
  void followsEndpointSlicesWithTheirService() throws Exception {
    String slices = "/apis/discovery.k8s.io/v1/namespaces/" + namespace + "/endpointslices";
    send("POST", core("services"), SERVICE);
    RecordingSink sink = discover(KubernetesRole.ENDPOINTSLICE);
    send(
        "POST",
        slices,
        """
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv6",
         "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
         "endpoints": [{"addresses": ["fd00::1"], "conditions": {"ready": true}}],
         "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}
        """);
    sink.awaitAddresses("[fd00::1]:8080");
    assertThat(label(sink, "service_label_team")).isEqualTo("a");
    assertThat(label(sink, "endpointslice_endpoint_conditions_ready")).isEqualTo("true");
    send("DELETE", slices + "/web-1", "");
    sink.awaitAddresses();
  }

  @Test
  void followsIngresses() throws Exception {
    String ingresses = "/apis/networking.k8s.io/v1/namespaces/" + namespace + "/ingresses";
    RecordingSink sink = discover(KubernetesRole.INGRESS);
    send(
        "POST",
        ingresses,
        """
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "front"},
         "spec": {"rules": [{"host": "shop.test", "http": {"paths": [{"path": "/cart",
           "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}
        """);
    sink.awaitAddresses("shop.test");
    assertThat(label(sink, "ingress_path")).isEqualTo("/cart");
    assertThat(label(sink, "ingress_scheme")).isEqualTo("http");
  }
}
