package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discovery against kube-apiserver and etcd. */
@Tag("interop")
class RealApiServerTest {

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String PODS = "/api/v1/namespaces/shop/pods";

  @TempDir Path directory;

  private RealApiServer api;
  private DiscoveryFixture fixture;
  private Path kubeconfig;

  @BeforeEach
  void serve() throws Exception {
    api = RealApiServer.start(directory);
    fixture = new DiscoveryFixture();
    kubeconfig = directory.resolve("kubeconfig");
    api.send(
        "POST",
        "/api/v1/namespaces",
        "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}");
  }

  @AfterEach
  void stop() {
    if (fixture != null) {
      fixture.close();
    }
    if (api != null) {
      api.close();
    }
  }

  private void kubeconfig(String token) throws IOException {
    Path next = directory.resolve("kubeconfig.next");
    Files.writeString(
        next,
        """
        current-context: here
        contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]
        clusters: [{name: c, cluster: {server: "%s", insecure-skip-tls-verify: true}}]
        users: [{name: u, user: {token: "%s"}}]
        """
            .formatted(api.uri(), token));
    Files.move(next, kubeconfig, StandardCopyOption.REPLACE_EXISTING);
  }

  private RecordingSink discover(String token) throws IOException {
    kubeconfig(token);
    KubernetesDiscovery settings =
        KubernetesDiscovery.builder(KubernetesRole.POD)
            .kubeconfigFile(kubeconfig)
            .namespaces(List.of("shop"))
            .build();
    return fixture.start(settings.create(fixture.context()));
  }

  private void createPod(String name, String ip) throws IOException, InterruptedException {
    api.send(
        "POST",
        PODS,
        """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s", "labels": {"app": "web"}},
         "spec": {"schedulerName": "none", "automountServiceAccountToken": false,
           "containers": [{"name": "main", "image": "scratch:1",
             "ports": [{"name": "pprof", "containerPort": 6060}]}]}}
        """
            .formatted(name));
    api.send(
        "PATCH",
        PODS + "/" + name + "/status",
        "{\"status\": {\"phase\": \"Running\", \"podIP\": \""
            + ip
            + "\", \"podIPs\": [{\"ip\": \""
            + ip
            + "\"}]}}");
  }

  private static void awaitAddresses(RecordingSink sink, String... addresses) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(sink.addresses()).containsExactly(addresses));
  }

  private static void awaitFailure(RecordingSink sink, String text) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(sink.failure()).contains(text));
  }

  private static void awaitHealth(RecordingSink sink) {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(sink.failure()).isEmpty());
  }

  @Test
  void survivesACrashAndExpiredVersions() throws Exception {
    createPod("a", "10.99.0.1");
    RecordingSink sink = discover("admin");
    awaitAddresses(sink, "10.99.0.1:6060");
    createPod("b", "10.99.0.2");
    awaitAddresses(sink, "10.99.0.1:6060", "10.99.0.2:6060");

    api.kill();
    awaitFailure(sink, "check that the API server is running, and the cluster's server");
    assertThat(sink.addresses()).containsExactly("10.99.0.1:6060", "10.99.0.2:6060");
    api.restart();
    awaitHealth(sink);
    createPod("c", "10.99.0.3");
    awaitAddresses(sink, "10.99.0.1:6060", "10.99.0.2:6060", "10.99.0.3:6060");

    // While the watch is down, a pod is deleted and the versions up to then expire.
    api.kill();
    awaitFailure(sink, "API server");
    api.deleteFromEtcd("pods/shop/a");
    api.compact();
    api.restart();
    awaitHealth(sink);
    awaitAddresses(sink, "10.99.0.2:6060", "10.99.0.3:6060");
  }

  @Test
  void followsDeniedAndGrantedRights() throws Exception {
    createPod("a", "10.99.0.1");
    RecordingSink sink = discover("limited");
    awaitFailure(sink, "allow list and watch on pods by a Role in namespace shop");
    assertThat(sink.failure()).contains("returned 403").contains("\"limited\"");
    String rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/shop/";
    api.send(
        "POST",
        rbac + "roles",
        """
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
         "metadata": {"name": "scraper"},
         "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]}
        """);
    api.send(
        "POST",
        rbac + "rolebindings",
        """
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
         "metadata": {"name": "scraper"},
         "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "scraper"},
         "subjects": [{"kind": "User", "name": "limited"}]}
        """);
    awaitAddresses(sink, "10.99.0.1:6060");
    awaitHealth(sink);
  }

  @Test
  void usesARotatedTokenWithinSeconds() throws Exception {
    createPod("a", "10.99.0.1");
    RecordingSink sink = discover("admin");
    awaitAddresses(sink, "10.99.0.1:6060");
    api.kill();
    api.tokens("rotated", "limited");
    api.restart();
    awaitFailure(sink, "returned 401");
    assertThat(sink.failure()).contains("the user's token or client certificate in kubeconfig");
    kubeconfig("rotated");
    long began = System.nanoTime();
    awaitHealth(sink);
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(20));
    createPod("b", "10.99.0.2");
    awaitAddresses(sink, "10.99.0.1:6060", "10.99.0.2:6060");
  }

  @Test
  void followsTwoThousandPodsThatComeAndGo() throws Exception {
    RecordingSink sink = discover("admin");
    for (int i = 0; i < 2_000; i++) {
      createPod("p" + i, "10.98." + i / 250 + "." + (i % 250 + 1));
    }
    await().atMost(PATIENCE).until(() -> sink.addresses().size() == 2_000);
    api.deleteAll(PODS);
    await().atMost(PATIENCE).until(() -> sink.addresses().isEmpty());
    assertThat(sink.failures()).isEmpty();
  }
}
