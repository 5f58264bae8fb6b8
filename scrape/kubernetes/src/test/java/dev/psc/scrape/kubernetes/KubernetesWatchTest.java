package dev.psc.scrape.kubernetes;

import static dev.psc.scrape.kubernetes.Objects.ENDPOINTS;
import static dev.psc.scrape.kubernetes.Objects.PODS;
import static dev.psc.scrape.kubernetes.Objects.SERVICES;
import static dev.psc.scrape.kubernetes.Objects.SLICES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KubernetesWatchTest {

  /** Short pauses, so that tests need not wait. */
  private static final Timing TIMING =
      Timings.of(
          Duration.ofMillis(20),
          Duration.ofMillis(200),
          Duration.ofMillis(300),
          Duration.ofSeconds(20),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30));

  private FakeApiServer api;
  private DiscoveryFixture fixture;

  @TempDir Path directory;

  @BeforeEach
  void start() throws IOException {
    api = new FakeApiServer();
    fixture = new DiscoveryFixture();
  }

  @AfterEach
  void stop() {
    fixture.close();
    api.close();
  }

  private KubernetesDiscovery.Builder role(KubernetesRole role) {
    return KubernetesDiscovery.builder(role).apiServer(api.uri());
  }

  private RecordingSink start(KubernetesDiscovery settings) {
    return start(settings, TIMING);
  }

  private RecordingSink start(KubernetesDiscovery settings, Timing timing) {
    ClusterEnvironment nowhere = new ClusterEnvironment("", "", directory);
    return fixture.start(new KubernetesWatch(settings, fixture.context(), nowhere, timing));
  }

  private static void eventually(org.awaitility.core.ThrowingRunnable assertion) {
    await().atMost(Duration.ofSeconds(30)).untilAsserted(assertion);
  }

  @Test
  void publishesTheWholeListFirstAndThenChanges() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(sink.replacements()).isEqualTo(1);

    api.put(PODS, Objects.pod("c", "10.0.0.3"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060", "10.0.0.3:6060");
    api.put(PODS, Objects.pod("a", "10.0.0.9"));
    sink.awaitAddresses("10.0.0.2:6060", "10.0.0.3:6060", "10.0.0.9:6060");
    api.delete(PODS, "b");
    sink.awaitAddresses("10.0.0.3:6060", "10.0.0.9:6060");
    assertThat(sink.replacements()).isEqualTo(1);
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aFinishedPodIsNoTargetAndAnotherPodMayHaveItsAddress() {
    api.put(PODS, Objects.pod("job", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    api.put(PODS, Objects.pod("job", "10.0.0.1", "Succeeded", 6060));
    sink.awaitAddresses();
    api.put(PODS, Objects.pod("web", "10.0.0.1"));
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(sink.targets().get(0).valueOf("__meta_kubernetes_pod_name")).isEqualTo("web");
  }

  @Test
  void anUnchangedObjectPublishesNothing() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(sink.updates()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(FakeApiServer.Gone.class)
  void listsAgainWhenTheVersionIsGoneAndSynthesisesDeletes(FakeApiServer.Gone how) {
    api.gone = how;
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.failWith = 503;
    api.dropWatches();
    sink.awaitFailure(failure -> failure.contains("503"));
    // Not seen: a pod goes, another comes, and the log of events is cut.
    api.delete(PODS, "a");
    api.put(PODS, Objects.pod("c", "10.0.0.3"));
    api.compact();
    assertThat(sink.addresses()).containsExactly("10.0.0.1:6060", "10.0.0.2:6060");
    api.failWith = 0;
    sink.awaitAddresses("10.0.0.2:6060", "10.0.0.3:6060");
    sink.awaitFailure(String::isEmpty);
    assertThat(api.lists("pods")).isGreaterThanOrEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(FakeApiServer.Gone.class)
  void doesNotLoopWhenEveryVersionIsGone(FakeApiServer.Gone how) {
    Timing slow =
        Timings.of(
            Duration.ofMillis(400),
            Duration.ofSeconds(5),
            Duration.ofSeconds(5),
            Duration.ofSeconds(20),
            Duration.ofMinutes(5),
            Duration.ofSeconds(30));
    api.gone = how;
    api.alwaysGone = true;
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build(), slow);
    sink.awaitAddresses("10.0.0.1:6060");
    long began = System.nanoTime();
    eventually(() -> assertThat(api.lists("pods")).isGreaterThanOrEqualTo(4));
    // The third list waits for at least 0.75 x 400 ms, the fourth for twice that.
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThan(Duration.ofMillis(500));
    api.alwaysGone = false;
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
  }

  @Test
  void anErrorEventOfAnotherKindIsShownUntilTheNextWatch() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.nextWatchEvent =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"message\":\"etcd is"
            + " slow\"}}\n";
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(
        () -> assertThat(sink.failures()).anyMatch(failure -> failure.contains("etcd is slow")));
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void listsAgainAfterAnErrorEventAsTheVersionMayBeBeyondRepair() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.nextWatchEvent =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500,\"message\":\"etcd event"
            + " received with PrevKv=nil\"}}\n";
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.lists("pods")).isEqualTo(2));
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void doesNotListAgainAfterAnErrorEventOfAnOverloadedServer() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.nextWatchEvent =
        "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":429,\"message\":\"too many"
            + " requests\"}}\n";
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(2));
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void anEventWhoseTypeComesLastIsUnderstood() {
    api.nextWatchEvent = "{\"object\":" + Objects.pod("a", "10.0.0.1") + ",\"type\":\"ADDED\"}\n";
    start(role(KubernetesRole.POD).build()).awaitAddresses("10.0.0.1:6060");
  }

  @Test
  void anAnswerThatIsNotAWatchIsRetried() {
    api.nextWatchEvent = "<html>proxy error</html>";
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(() -> assertThat(sink.failures()).isNotEmpty());
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    sink.awaitAddresses("10.0.0.1:6060");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void goesOnAfterTheConnectionBrokeWithoutListingAgain() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    for (int i = 0; i < 5; i++) {
      int watches = i + 1;
      eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(watches));
      api.dropWatches();
    }
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aBookmarkMovesTheVersionOn() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.passVersions(1000);
    api.bookmark(PODS);
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    api.dropWatches();
    eventually(
        () ->
            assertThat(api.requests)
                .anyMatch(r -> r.contains("watch=") && r.contains("resourceVersion=1004")));
    assertThat(api.requests).allMatch(r -> !r.contains("watch=") || r.contains("Bookmarks=true"));
  }

  @Test
  void endsAWatchThatIsSilentForTooLong() {
    Timing timing =
        Timings.of(
            Duration.ofMillis(20),
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofSeconds(20),
            Duration.ofMillis(300),
            Duration.ofMillis(200));
    // The server is asked to end watches after one second, and ours give up after half of that.
    RecordingSink sink = start(role(KubernetesRole.POD).build(), timing);
    eventually(() -> assertThat(api.watches("pods")).isGreaterThanOrEqualTo(3));
    assertThat(api.lists("pods")).isEqualTo(1);
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    sink.awaitAddresses("10.0.0.1:6060");
  }

  @Test
  void listsInPages() {
    for (int i = 0; i < 1101; i++) {
      api.put(PODS, Objects.pod("p" + i, "10.0." + i / 250 + "." + (i % 250 + 1)));
    }
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(() -> assertThat(sink.addresses()).hasSize(1101));
    assertThat(api.lists("pods")).isEqualTo(3);
    assertThat(api.requests.get(0)).contains("limit=500");
  }

  @Test
  void givesUpAListThatNeverEnds() {
    api.endless = true;
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(() -> assertThat(sink.failure()).contains("does not end: page 2 names a next one"));
  }

  @Test
  void listsInOneWhenThePlaceInAListExpired() {
    for (int i = 0; i < 600; i++) {
      api.put(PODS, Objects.pod("p" + i, "10.0." + i / 250 + "." + (i % 250 + 1)));
    }
    api.expireNextContinue = true;
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    eventually(() -> assertThat(sink.addresses()).hasSize(600));
    assertThat(api.requests.get(2)).doesNotContain("limit=");
  }

  @Test
  void waitsForASlowBodyButNotForever() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    api.bodyPauseMillis = 60_000;
    Timing timing =
        Timings.of(
            Duration.ofMillis(20),
            Duration.ofMillis(100),
            Duration.ofMillis(100),
            Duration.ofMillis(500),
            Duration.ofMinutes(5),
            Duration.ofSeconds(30));
    RecordingSink sink = start(role(KubernetesRole.POD).build(), timing);
    sink.awaitFailure(failure -> failure.contains("not complete within 500 ms"));
    assertThat(sink.replacements()).isZero();
    api.bodyPauseMillis = 0;
    sink.awaitAddresses("10.0.0.1:6060");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void readsARotatedTokenAgain() throws IOException {
    Path token = directory.resolve("token");
    Files.writeString(token, "first\n");
    api.token = "first";
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    HttpSettings http =
        HttpSettings.builder()
            .credentials(new Credentials.Header("Bearer", SecretSource.file(token)))
            .build();
    RecordingSink sink = start(role(KubernetesRole.POD).http(http).build());
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    api.token = "second";
    api.dropWatches();
    sink.awaitFailure(failure -> failure.contains("401"));
    assertThat(sink.addresses()).containsExactly("10.0.0.1:6060");
    Path rotated = directory.resolve("token.new");
    Files.writeString(rotated, "second\n");
    Files.move(rotated, token, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(String.join(" ", sink.failures())).doesNotContain("first", "second");
  }

  @Test
  void whatIsForbiddenIsShownWithWhatToAllowAndTriedSlowly() {
    api.forbidden.add("pods");
    RecordingSink sink = start(role(KubernetesRole.POD).build(), Timing.DEFAULT);
    sink.awaitFailure(failure -> failure.contains("403"));
    assertThat(sink.failure())
        .contains("cannot list pods in all namespaces")
        .contains("cannot list resource at the cluster scope")
        .contains("allow list and watch on pods by a ClusterRole, or set namespaces.names");
    assertThat(sink.replacements()).isZero();
    assertThat(Timing.DEFAULT.pause(1, true, Duration.ZERO, 0))
        .isGreaterThanOrEqualTo(Duration.ofSeconds(45));
    assertThat(api.lists("pods")).isEqualTo(1);
  }

  @Test
  void aForbiddenNamespaceDoesNotHideTheOthers() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink =
        start(role(KubernetesRole.POD).namespaces(List.of("shop", "nowhere")).build());
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(api.requests)
        .anyMatch(r -> r.startsWith("/api/v1/namespaces/shop/pods"))
        .anyMatch(r -> r.startsWith("/api/v1/namespaces/nowhere/pods"))
        .noneMatch(r -> r.startsWith("/api/v1/pods"));
  }

  @Test
  void nothingIsPublishedBeforeAllThatIsJoinedWasListed() {
    api.forbidden.add("services");
    api.put(ENDPOINTS, Objects.endpoints("web", "10.0.0.1"));
    api.put(SERVICES, Objects.service("web"));
    RecordingSink sink = start(role(KubernetesRole.ENDPOINTS).build());
    sink.awaitFailure(failure -> failure.contains("services"));
    assertThat(sink.addresses()).isEmpty();
    api.forbidden.clear();
    sink.awaitAddresses("10.0.0.1:8080");
    assertThat(sink.targets().get(0).valueOf("__meta_kubernetes_service_label_team"))
        .isEqualTo("a");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void aChangeOfAServicePodNodeOrNamespaceShowsInItsEndpoints() {
    api.put(SERVICES, Objects.service("web"));
    api.put(PODS, Objects.pod("a", "10.0.0.1", "Running", 8080));
    api.put(Objects.NODES, Objects.node("node-1", "z1"));
    api.put(Objects.NAMESPACES, Objects.namespace("shop", "t1"));
    api.put(
        ENDPOINTS,
        """
        {"metadata": {"name": "web", "namespace": "shop"}, "subsets": [{"addresses": [
          {"ip": "10.0.0.1", "nodeName": "node-1",
           "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a"}}],
          "ports": [{"name": "http", "port": 8080}]}]}
        """);
    RecordingSink sink =
        start(role(KubernetesRole.ENDPOINTS).attachNode(true).attachNamespace(true).build());
    sink.awaitAddresses("10.0.0.1:8080");
    var target = sink.targets().get(0);
    assertThat(target.valueOf("__meta_kubernetes_service_name")).isEqualTo("web");
    assertThat(target.valueOf("__meta_kubernetes_pod_container_name")).isEqualTo("main");
    assertThat(target.valueOf("__meta_kubernetes_namespace_label_team")).isEqualTo("t1");
    assertThat(target.valueOf("__meta_kubernetes_node_label_topology_kubernetes_io_zone"))
        .isEqualTo("z1");

    api.put(SERVICES, Objects.service("web").replace("\"a\"", "\"b\""));
    eventually(() -> assertThat(label(sink, "service_label_team")).isEqualTo("b"));
    api.put(Objects.NODES, Objects.node("node-1", "z2"));
    eventually(
        () -> assertThat(label(sink, "node_label_topology_kubernetes_io_zone")).isEqualTo("z2"));
    api.put(Objects.NAMESPACES, Objects.namespace("shop", "t2"));
    eventually(() -> assertThat(label(sink, "namespace_label_team")).isEqualTo("t2"));
    api.put(PODS, Objects.pod("a", "10.0.0.1", "Running", 8080).replace("\"web\"", "\"shop\""));
    eventually(() -> assertThat(label(sink, "pod_label_app")).isEqualTo("shop"));
    api.delete(SERVICES, "web");
    eventually(() -> assertThat(label(sink, "service_name")).isEmpty());
    api.delete(ENDPOINTS, "web");
    sink.awaitAddresses();
  }

  private static String label(RecordingSink sink, String name) {
    return sink.targets().get(0).valueOf("__meta_kubernetes_" + name);
  }

  @Test
  void joinsManySlicesOfAServiceAndFollowsThem() {
    api.put(SERVICES, Objects.service("web"));
    for (int i = 0; i < 3; i++) {
      api.put(SLICES, Objects.slice("web-" + i, "web", i * 100, 100));
    }
    RecordingSink sink = start(role(KubernetesRole.ENDPOINTSLICE).build());
    eventually(() -> assertThat(sink.addresses()).hasSize(300).doesNotHaveDuplicates());
    assertThat(sink.targets()).allMatch(t -> t.contains("__meta_kubernetes_service_name"));
    api.delete(SLICES, "web-1");
    eventually(() -> assertThat(sink.addresses()).hasSize(200));
    api.compact();
    api.delete(SLICES, "web-2");
    eventually(() -> assertThat(sink.addresses()).hasSize(100));
  }

  @Test
  void sendsSelectorsToTheServer() {
    start(
        role(KubernetesRole.ENDPOINTS)
            .selectors(
                List.of(
                    new KubernetesSelector(
                        KubernetesRole.POD, "app in (a,b)", "spec.nodeName=node 1"),
                    new KubernetesSelector(KubernetesRole.ENDPOINTS, "x!=y", "")))
            .build());
    eventually(
        () ->
            assertThat(api.requests)
                .anyMatch(
                    r ->
                        r.startsWith("/api/v1/pods?labelSelector=app+in+%28a%2Cb%29")
                            && r.contains("fieldSelector=spec.nodeName%3Dnode+1"))
                .anyMatch(r -> r.startsWith("/api/v1/endpoints?labelSelector=x%21%3Dy")));
  }

  @Test
  void keepsTheLastGoodTargetsWhileTheServerFails() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    api.failWith = 502;
    api.compact();
    sink.awaitFailure(failure -> failure.contains("returned 502: <html>bad\ufffd gateway</html>"));
    assertThat(sink.addresses()).containsExactly("10.0.0.1:6060");
    api.failWith = 0;
    sink.awaitFailure(String::isEmpty);
    assertThat(sink.replacements()).isEqualTo(1);
  }

  @Test
  void closesImmediatelyInTheMiddleOfAWatchAndLeavesNoThread() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    RecordingSink sink = start(role(KubernetesRole.POD).build());
    sink.awaitAddresses("10.0.0.1:6060");
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    long began = System.nanoTime();
    fixture.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    eventually(() -> assertThat(fixture.livingThreads()).isZero());
  }

  @Test
  void outsideOfAClusterItSaysWhatToSet() {
    RecordingSink sink = start(KubernetesDiscovery.builder(KubernetesRole.POD).build());
    sink.awaitFailure(failure -> failure.contains("set api_server or kubeconfig_file"));
  }

  @Test
  void watchingTheOwnNamespaceNeedsACluster() {
    RecordingSink sink =
        start(KubernetesDiscovery.builder(KubernetesRole.POD).ownNamespace(true).build());
    sink.awaitFailure(failure -> failure.contains("not in a Kubernetes cluster"));
  }

  @Test
  void usesTheCurrentContextOfAKubeconfig() throws IOException {
    api.token = "from-kubeconfig";
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    Path kubeconfig = directory.resolve("config");
    Files.writeString(
        kubeconfig,
        """
        apiVersion: v1
        current-context: here
        contexts: [{name: here, context: {cluster: c, user: u, namespace: shop}}]
        clusters: [{name: c, cluster: {server: "%s"}}]
        users: [{name: u, user: {token: from-kubeconfig}}]
        """
            .formatted(api.uri()));
    RecordingSink sink =
        start(
            KubernetesDiscovery.builder(KubernetesRole.POD)
                .kubeconfigFile(kubeconfig)
                .ownNamespace(true)
                .build());
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(api.requests.get(0)).startsWith("/api/v1/namespaces/shop/pods");
  }

  @Test
  void theDeploymentOfAPodBehindAServiceShowsWhenItsReplicaSetComesLater() {
    String owner =
        "\"ownerReferences\": [{\"kind\": \"%s\", \"name\": \"%s\", \"controller\": true}], ";
    api.put(
        PODS,
        Objects.pod("a", "10.0.0.1", "Running", 8080)
            .replace("\"labels\"", owner.formatted("ReplicaSet", "web-5d") + "\"labels\""));
    api.put(
        ENDPOINTS,
        """
        {"metadata": {"name": "web", "namespace": "shop"}, "subsets": [{"addresses": [
          {"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a"}}],
          "ports": [{"name": "http", "port": 8080}]}]}
        """);
    RecordingSink sink = start(role(KubernetesRole.ENDPOINTS).attachDeployment(true).build());
    sink.awaitAddresses("10.0.0.1:8080");
    assertThat(label(sink, "pod_deployment_name")).isEmpty();
    api.put(
        "/apis/apps/v1/namespaces/shop/replicasets",
        "{\"metadata\": {"
            + owner.formatted("Deployment", "web")
            + "\"name\": \"web-5d\", \"namespace\": \"shop\"}}");
    eventually(() -> assertThat(label(sink, "pod_deployment_name")).isEqualTo("web"));
  }

  @Test
  void equalSettingsOfTwoJobsShareTheirWatches() {
    api.put(PODS, Objects.pod("a", "10.0.0.1"));
    List<SharedWatch> jobs = new ArrayList<>();
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      KubernetesDiscovery settings = role(KubernetesRole.POD).build();
      ClusterEnvironment nowhere = new ClusterEnvironment("", "", directory);
      SharedWatch job =
          new SharedWatch(
              settings,
              fixture.context(),
              () -> new KubernetesWatch(settings, fixture.context(), nowhere, TIMING));
      jobs.add(job);
      sinks.add(fixture.start(job));
      sinks.get(i).awaitAddresses("10.0.0.1:6060");
    }
    eventually(() -> assertThat(api.watches("pods")).isEqualTo(1));
    assertThat(api.lists("pods")).isEqualTo(1);

    jobs.get(0).close();
    api.put(PODS, Objects.pod("b", "10.0.0.2"));
    sinks.get(1).awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    sinks.get(2).awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(sinks.get(0).addresses()).containsExactly("10.0.0.1:6060");
    api.failWith = 503;
    api.dropWatches();
    sinks.get(1).awaitFailure(failure -> failure.contains("503"));
    sinks.get(2).awaitFailure(failure -> failure.contains("503"));
    jobs.forEach(SharedWatch::close);
    int requests = api.requests.size();
    api.failWith = 0;
    fixture.start(jobs.get(0)).awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    assertThat(api.lists("pods")).as("a new watch after the last one ended").isEqualTo(2);
    assertThat(api.requests.size()).isGreaterThan(requests);
  }
}
