package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.stream.JsonReader;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TargetMakerTest {

  private static final String M = "__meta_kubernetes_";

  private final List<String> collisions = new ArrayList<>();
  private final Map<String, KubeObject> known = new HashMap<>();

  private static KubeObject parse(Resource resource, String json) {
    try {
      return new ObjectParser(new Interner())
          .parse(resource, new JsonReader(new StringReader(json)));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }

  private void know(Resource resource, String json) {
    KubeObject object = parse(resource, json);
    known.put(resource + object.meta().key(), object);
  }

  private TargetGroup group(KubernetesDiscovery settings, String json) {
    MetaLabels labels =
        new MetaLabels(new Interner(), (object, names) -> collisions.add(object + ": " + names));
    return new TargetMaker(settings, labels)
        .group(
            parse(settings.role().primary(), json), (resource, key) -> known.get(resource + key));
  }

  private TargetGroup group(KubernetesRole role, String json) {
    return group(KubernetesDiscovery.builder(role).build(), json);
  }

  private static List<String> addresses(TargetGroup group) {
    return group.targets().stream().map(t -> t.valueOf(TargetGroup.ADDRESS)).toList();
  }

  @Test
  void podHasAllLabelsOfPrometheus() {
    TargetGroup group =
        group(
            KubernetesRole.POD,
            """
            {"metadata": {"name": "web-1", "namespace": "shop", "uid": "u1",
               "labels": {"app.kubernetes.io/name": "web", "empty": ""},
               "annotations": {"psc.dev/scrape": "true",
                 "kubectl.kubernetes.io/last-applied-configuration": "{...}"},
               "ownerReferences": [
                 {"kind": "Other", "name": "x"},
                 {"kind": "ReplicaSet", "name": "web", "controller": true}],
               "managedFields": [{"a": [1, {"b": null}]}]},
             "status": {"podIP": "10.0.0.1", "hostIP": "192.0.2.1", "phase": "Running",
               "conditions": [{"type": "Initialized", "status": "True"},
                              {"type": "Ready", "status": "False"}],
               "containerStatuses": [{"name": "main", "containerID": "containerd://abc"}]},
             "spec": {"nodeName": "n1", "volumes": [{"name": "v"}],
               "containers": [
                 {"name": "main", "image": "web:2", "ports": [
                   {"name": "http", "containerPort": 8080, "protocol": "TCP"},
                   {"containerPort": 53, "protocol": "UDP"}]},
                 {"name": "side", "image": "side:1"}],
               "initContainers": [{"name": "setup", "image": "setup:1"},
                 {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always",
                  "ports": [{"containerPort": 15000}]}]}}
            """);
    assertThat(group.source()).isEqualTo("pod/shop/web-1");
    assertThat(group.labels())
        .isEqualTo(
            LabelSet.of(
                M + "namespace", "shop",
                M + "pod_name", "web-1",
                M + "pod_ip", "10.0.0.1",
                M + "pod_host_ip", "192.0.2.1",
                M + "pod_uid", "u1",
                M + "pod_phase", "Running",
                M + "pod_ready", "false",
                M + "pod_node_name", "n1",
                M + "pod_controller_kind", "ReplicaSet",
                M + "pod_controller_name", "web",
                M + "pod_label_app_kubernetes_io_name", "web",
                M + "pod_labelpresent_app_kubernetes_io_name", "true",
                M + "pod_labelpresent_empty", "true",
                M + "pod_annotation_psc_dev_scrape", "true",
                M + "pod_annotationpresent_psc_dev_scrape", "true"));
    assertThat(group.targets())
        .containsExactly(
            LabelSet.of(
                "__address__",
                "10.0.0.1:8080",
                M + "pod_container_name",
                "main",
                M + "pod_container_id",
                "containerd://abc",
                M + "pod_container_image",
                "web:2",
                M + "pod_container_init",
                "false",
                M + "pod_container_port_name",
                "http",
                M + "pod_container_port_number",
                "8080",
                M + "pod_container_port_protocol",
                "TCP"),
            LabelSet.of(
                "__address__",
                "10.0.0.1:53",
                M + "pod_container_name",
                "main",
                M + "pod_container_id",
                "containerd://abc",
                M + "pod_container_image",
                "web:2",
                M + "pod_container_init",
                "false",
                M + "pod_container_port_number",
                "53",
                M + "pod_container_port_protocol",
                "UDP"),
            LabelSet.of(
                "__address__",
                "10.0.0.1",
                M + "pod_container_name",
                "side",
                M + "pod_container_image",
                "side:1",
                M + "pod_container_init",
                "false"),
            LabelSet.of(
                "__address__",
                "10.0.0.1",
                M + "pod_container_name",
                "setup",
                M + "pod_container_image",
                "setup:1",
                M + "pod_container_init",
                "true"),
            LabelSet.of(
                "__address__",
                "10.0.0.1:15000",
                M + "pod_container_name",
                "proxy",
                M + "pod_container_image",
                "proxy:1",
                M + "pod_container_init",
                "true",
                M + "pod_container_port_number",
                "15000",
                M + "pod_container_port_protocol",
                "TCP"));
  }

  @Test
  void finishedPodsAndPodsWithoutAddressGiveNoTarget() {
    for (String phase : List.of("Succeeded", "Failed")) {
      String pod = Objects.pod("job", "10.0.0.1", phase, 80);
      assertThat(group(KubernetesRole.POD, pod).targets()).isEmpty();
      KubernetesDiscovery all =
          KubernetesDiscovery.builder(KubernetesRole.POD).includeFinishedPods(true).build();
      assertThat(group(all, pod).targets()).hasSize(1);
    }
    assertThat(group(KubernetesRole.POD, Objects.pod("new", "")).targets()).isEmpty();
  }

  @Test
  void aPodThatIsBeingDeletedStaysUntilItEndsAndSaysSo() {
    String pod =
        Objects.pod("web", "10.0.0.1")
            .replace("\"uid\"", "\"deletionTimestamp\": \"2026-01-01T00:00:00Z\", \"uid\"");
    assertThat(group(KubernetesRole.POD, pod).labels().valueOf(M + "pod_deleting"))
        .isEqualTo("true");
  }

  @Test
  void ipv6AddressesStandInBrackets() {
    assertThat(addresses(group(KubernetesRole.POD, Objects.pod("a", "fd00::1"))))
        .containsExactly("[fd00::1]:6060");
    String portless =
        "{\"metadata\": {\"name\": \"a\", \"namespace\": \"n\"}, \"status\": {\"podIP\":"
            + " \"fd00::1\"}, \"spec\": {\"containers\": [{\"name\": \"c\"}]}}";
    assertThat(addresses(group(KubernetesRole.POD, portless))).containsExactly("[fd00::1]");
  }

  @Test
  void collidingNamesAreSaidAndTheLaterWins() {
    String pod =
        Objects.pod("a", "10.0.0.1")
            .replace("{\"app\": \"web\"}", "{\"a-b\": \"1\", \"a.b\": \"2\", \"a_b\": \"\"}");
    TargetGroup group = group(KubernetesRole.POD, pod);
    // Sorted: a-b, a.b, a_b; the last one is empty, which is not a label.
    assertThat(group.labels().contains(M + "pod_label_a_b")).isFalse();
    assertThat(group.labels().valueOf(M + "pod_labelpresent_a_b")).isEqualTo("true");
    assertThat(collisions)
        .containsExactly(
            "shop/a: a-b and a.b (pod_label_a_b)", "shop/a: a.b and a_b (pod_label_a_b)");
  }

  @Test
  void nodeIsScrapedAtItsInternalAddress() {
    TargetGroup group = group(KubernetesRole.NODE, Objects.node("node-1", "z1"));
    assertThat(group.source()).isEqualTo("node/node-1");
    assertThat(group.targets())
        .containsExactly(
            LabelSet.of(
                "__address__",
                "192.0.2.1:10250",
                "instance",
                "node-1",
                M + "node_address_Hostname",
                "node-1",
                M + "node_address_InternalIP",
                "192.0.2.1"));
    assertThat(group.labels())
        .isEqualTo(
            LabelSet.of(
                M + "node_name", "node-1",
                M + "node_provider_id", "kind://node-1",
                M + "node_label_topology_kubernetes_io_zone", "z1",
                M + "node_labelpresent_topology_kubernetes_io_zone", "true"));
  }

  @Test
  void serviceIsScrapedAtItsName() {
    TargetGroup group = group(KubernetesRole.SERVICE, Objects.service("web"));
    assertThat(group.source()).isEqualTo("svc/shop/web");
    assertThat(group.labels())
        .isEqualTo(
            LabelSet.of(
                M + "namespace", "shop",
                M + "service_name", "web",
                M + "service_label_team", "a",
                M + "service_labelpresent_team", "true",
                M + "service_annotation_note", "hello",
                M + "service_annotationpresent_note", "true"));
    assertThat(group.targets())
        .containsExactly(
            LabelSet.of(
                "__address__",
                "web.shop.svc:8080",
                M + "service_port_name",
                "http",
                M + "service_port_number",
                "8080",
                M + "service_port_protocol",
                "TCP",
                M + "service_type",
                "ClusterIP",
                M + "service_cluster_ip",
                "10.96.0.7"));
    String external =
        Objects.service("x")
            .replace("\"ClusterIP\",", "\"ExternalName\", \"externalName\": \"db.example\",");
    LabelSet target = group(KubernetesRole.SERVICE, external).targets().get(0);
    assertThat(target.valueOf(M + "service_external_name")).isEqualTo("db.example");
    assertThat(target.contains(M + "service_cluster_ip")).isFalse();
  }

  @Test
  void endpointsHaveTheLabelsOfServiceAndPodAndTheOtherPortsOfThePod() {
    know(Resource.SERVICES, Objects.service("web"));
    know(
        Resource.PODS,
        Objects.pod("a", "10.0.0.1", "Running", 8080)
            .replace(
                "\"protocol\": \"TCP\"}]",
                "\"protocol\": \"TCP\"}, {\"name\": \"debug\", \"containerPort\": 6060}]"));
    TargetGroup group =
        group(
            KubernetesRole.ENDPOINTS,
            """
            {"metadata": {"name": "web", "namespace": "shop", "labels": {"l": "1"}}, "subsets": [
              {"addresses": [{"ip": "10.0.0.1", "hostname": "h", "nodeName": "node-1",
                  "targetRef": {"kind": "Pod", "namespace": "shop", "name": "a"}}],
               "notReadyAddresses": [{"ip": "10.0.0.2"}],
               "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]}]}
            """);
    assertThat(group.source()).isEqualTo("endpoints/shop/web");
    assertThat(group.labels().valueOf(M + "endpoints_name")).isEqualTo("web");
    assertThat(group.labels().valueOf(M + "endpoints_label_l")).isEqualTo("1");
    assertThat(group.labels().valueOf(M + "service_name")).isEqualTo("web");
    assertThat(addresses(group)).containsExactly("10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.1:6060");
    LabelSet first = group.targets().get(0);
    assertThat(first.toMap())
        .containsEntry(M + "endpoint_port_name", "http")
        .containsEntry(M + "endpoint_port_protocol", "TCP")
        .containsEntry(M + "endpoint_ready", "true")
        .containsEntry(M + "endpoint_hostname", "h")
        .containsEntry(M + "endpoint_node_name", "node-1")
        .containsEntry(M + "endpoint_address_target_kind", "Pod")
        .containsEntry(M + "endpoint_address_target_name", "a")
        .containsEntry(M + "pod_name", "a")
        .containsEntry(M + "pod_container_name", "main")
        .containsEntry(M + "pod_container_port_number", "8080");
    assertThat(group.targets().get(1).valueOf(M + "endpoint_ready")).isEqualTo("false");
    LabelSet third = group.targets().get(2);
    assertThat(third.valueOf(M + "pod_container_port_name")).isEqualTo("debug");
    assertThat(third.contains(M + "endpoint_ready")).isFalse();
  }

  @Test
  void endpointSliceHasItsConditionsZoneAndTopology() {
    TargetGroup group =
        group(
            KubernetesRole.ENDPOINTSLICE,
            """
            {"metadata": {"name": "web-x", "namespace": "shop"}, "addressType": "IPv4",
             "endpoints": [{"addresses": ["10.0.0.1"], "hostname": "h", "nodeName": "n", "zone": "z",
               "conditions": {"ready": true, "serving": false, "terminating": true},
               "targetRef": {"kind": "Node", "name": "n"},
               "deprecatedTopology": {"kubernetes.io/hostname": "n"}}],
             "ports": [{"name": "http", "port": 8080, "protocol": "TCP", "appProtocol": "h2c"},
                       {"name": "any", "port": null}]}
            """);
    assertThat(group.labels().valueOf(M + "endpointslice_name")).isEqualTo("web-x");
    assertThat(group.labels().valueOf(M + "endpointslice_address_type")).isEqualTo("IPv4");
    assertThat(addresses(group)).containsExactly("10.0.0.1:8080", "10.0.0.1");
    String s = M + "endpointslice_";
    assertThat(group.targets().get(0))
        .isEqualTo(
            LabelSet.of(
                "__address__",
                "10.0.0.1:8080",
                s + "port",
                "8080",
                s + "port_name",
                "http",
                s + "port_protocol",
                "TCP",
                s + "port_app_protocol",
                "h2c",
                s + "address_target_kind",
                "Node",
                s + "address_target_name",
                "n",
                s + "endpoint_conditions_ready",
                "true",
                s + "endpoint_conditions_serving",
                "false",
                s + "endpoint_conditions_terminating",
                "true",
                s + "endpoint_hostname",
                "h",
                s + "endpoint_node_name",
                "n",
                s + "endpoint_zone",
                "z",
                s + "endpoint_topology_kubernetes_io_hostname",
                "n",
                s + "endpoint_topology_present_kubernetes_io_hostname",
                "true"));
  }

  @Test
  void ingressIsScrapedAtEachPathByTheSchemeOfItsHost() {
    TargetGroup group =
        group(
            KubernetesRole.INGRESS,
            """
            {"metadata": {"name": "front", "namespace": "shop", "annotations": {"a": "b"}},
             "spec": {"ingressClassName": "nginx", "tls": [{"hosts": ["*.shop.test"]}], "rules": [
               {"host": "www.shop.test", "http": {"paths": [{"path": "/a"}, {}]}},
               {"host": "a.b.shop.test"}, {"host": "shop.test"}]}}
            """);
    assertThat(group.labels().valueOf(M + "ingress_class_name")).isEqualTo("nginx");
    assertThat(group.labels().valueOf(M + "ingress_annotation_a")).isEqualTo("b");
    assertThat(group.targets())
        .extracting(
            t -> t.valueOf("__address__"),
            t -> t.valueOf(M + "ingress_scheme"),
            t -> t.valueOf(M + "ingress_path"))
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("www.shop.test", "https", "/a"),
            org.assertj.core.groups.Tuple.tuple("www.shop.test", "https", "/"),
            org.assertj.core.groups.Tuple.tuple("a.b.shop.test", "http", "/"),
            org.assertj.core.groups.Tuple.tuple("shop.test", "http", "/"));
  }
}
