package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.stream.JsonReader;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Labels that differed from those of Prometheus 3.16 before a real API server. */
class PrometheusLabelsTest {

  private static final String M = "__meta_kubernetes_";

  private final Map<String, KubeObject> known = new HashMap<>();

  private static KubeObject parse(Resource resource, String json) throws IOException {
    return new ObjectParser(new Interner()).parse(resource, new JsonReader(new StringReader(json)));
  }

  private void know(Resource resource, String json) throws IOException {
    KubeObject object = parse(resource, json);
    known.put(resource + object.meta().key(), object);
  }

  private TargetGroup group(KubernetesDiscovery.Builder settings, String json) throws IOException {
    KubernetesDiscovery built = settings.build();
    return new TargetMaker(built, new MetaLabels(new Interner(), (object, names) -> {}))
        .group(parse(built.role().primary(), json), (resource, key) -> known.get(resource + key));
  }

  private static KubernetesDiscovery.Builder role(KubernetesRole role) {
    return KubernetesDiscovery.builder(role);
  }

  private static LabelSet only(TargetGroup group) {
    assertThat(group.targets()).hasSize(1);
    return group.labels().withAll(group.targets().get(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | 203.0.113.9",
        "{\"loadBalancer\": {\"ingress\": [{\"ip\": \"203.0.113.10\"}]}} | 203.0.113.10",
        "{\"loadBalancer\": {\"ingress\": [{\"ip\": \"203.0.113.10\"}, {\"hostname\": \"x\"},"
            + " {\"ip\": \"203.0.113.11\"}]}} | 203.0.113.10,203.0.113.11",
        "{\"loadBalancer\": {\"ingress\": [{\"hostname\": \"x\"}]}} | 203.0.113.9"
      })
  void theAddressOfALoadBalancerComesFromItsStatus(String status, String expected)
      throws IOException {
    TargetGroup group =
        group(
            role(KubernetesRole.SERVICE),
            "{\"metadata\": {\"name\": \"lb\", \"namespace\": \"shop\"}, \"spec\": {\"type\":"
                + " \"LoadBalancer\", \"loadBalancerIP\": \"203.0.113.9\", \"ports\": [{\"port\":"
                + " 80}]}, \"status\": "
                + status
                + "}");
    assertThat(only(group).valueOf(M + "service_loadbalancer_ip")).isEqualTo(expected);
  }

  private static final String NODE =
      """
      {"metadata": {"name": "n7", "labels": {"pool": "x"}, "annotations": {"a/b": "c"}},
       "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.7"}],
         "conditions": [{"type": "Ready", "status": "True"},
           {"type": "PIDPressure", "status": "Unknown"},
           {"type": "MemoryPressure", "status": "False"}]}}
      """;

  @Test
  void aNodeHasItsConditions() throws IOException {
    LabelSet node = only(group(role(KubernetesRole.NODE), NODE));
    assertThat(node.valueOf(M + "node_condition_ready")).isEqualTo("true");
    assertThat(node.valueOf(M + "node_condition_pidpressure")).isEqualTo("unknown");
    assertThat(node.valueOf(M + "node_condition_memorypressure")).isEqualTo("false");
  }

  @Test
  void anAttachedNodeHasItsAnnotationsAndNoConditions() throws IOException {
    know(Resource.NODES, NODE);
    LabelSet target =
        only(
            group(
                role(KubernetesRole.POD).attachNode(true),
                Objects.pod("a", "10.0.0.1").replace("node-1", "n7")));
    assertThat(target.valueOf(M + "node_name")).isEqualTo("n7");
    assertThat(target.valueOf(M + "node_label_pool")).isEqualTo("x");
    assertThat(target.valueOf(M + "node_annotation_a_b")).isEqualTo("c");
    assertThat(target.valueOf(M + "node_annotationpresent_a_b")).isEqualTo("true");
    assertThat(target.contains(M + "node_condition_ready")).isFalse();
  }

  @Test
  void aPodOfAnUnknownNodeIsNoTargetWhereNodesAreAttached() throws IOException {
    know(Resource.NODES, NODE);
    String pod = Objects.pod("a", "10.0.0.1");
    assertThat(group(role(KubernetesRole.POD).attachNode(true), pod).targets()).isEmpty();
    assertThat(group(role(KubernetesRole.POD), pod).targets()).hasSize(1);
  }

  @Test
  void anEndpointThatIsANodeHasTheLabelsOfTheNode() throws IOException {
    know(Resource.NODES, NODE);
    String endpoints =
        """
        {"metadata": {"name": "kubelet", "namespace": "shop"}, "subsets": [{"addresses": [
          {"ip": "10.0.0.7", "targetRef": {"kind": "Node", "name": "n7"}}],
          "ports": [{"name": "https", "port": 10250}]}]}
        """;
    LabelSet target = only(group(role(KubernetesRole.ENDPOINTS).attachNode(true), endpoints));
    assertThat(target.valueOf(M + "node_name")).isEqualTo("n7");
    assertThat(target.valueOf(M + "node_label_pool")).isEqualTo("x");
  }

  @ParameterizedTest
  @CsvSource({
    "PreferDualStack, IPv4, 1",
    "PreferDualStack, IPv6, 0",
    "RequireDualStack, IPv6, 0",
    "SingleStack, IPv6, 1"
  })
  void aDualStackServiceGivesEachPodOnce(String policy, String family, int targets)
      throws IOException {
    know(
        Resource.SERVICES,
        "{\"metadata\": {\"name\": \"ds\", \"namespace\": \"shop\"}, \"spec\":"
            + " {\"ipFamilyPolicy\": \""
            + policy
            + "\", \"ipFamilies\": [\"IPv4\", \"IPv6\"], \"ports\": [{\"port\": 8080}]}}");
    String slice = Objects.slice("ds-1", "ds", 0, 1).replace("\"IPv4\"", '"' + family + '"');
    assertThat(group(role(KubernetesRole.ENDPOINTSLICE), slice).targets()).hasSize(targets);
  }

  private static String owned(String name, String kind, String owner) {
    return "{\"metadata\": {\"name\": \""
        + name
        + "\", \"namespace\": \"shop\", \"ownerReferences\": [{\"kind\": \""
        + kind
        + "\", \"name\": \""
        + owner
        + "\", \"controller\": true}]}}";
  }

  private static String podOf(String kind, String owner) {
    return Objects.pod("a", "10.0.0.1")
        .replace(
            "\"labels\"",
            "\"ownerReferences\": [{\"kind\": \""
                + kind
                + "\", \"name\": \""
                + owner
                + "\", \"controller\": true}], \"labels\"");
  }

  @Test
  void aPodHasTheNamesOfItsDeploymentJobAndCronJob() throws IOException {
    know(Resource.REPLICA_SETS, owned("web-5d", "Deployment", "web"));
    know(Resource.JOBS, owned("nightly-1", "CronJob", "nightly"));
    KubernetesDiscovery.Builder all =
        role(KubernetesRole.POD).attachDeployment(true).attachJob(true).attachCronJob(true);
    LabelSet ofDeployment = only(group(all, podOf("ReplicaSet", "web-5d")));
    assertThat(ofDeployment.valueOf(M + "pod_deployment_name")).isEqualTo("web");
    assertThat(ofDeployment.contains(M + "pod_job_name")).isFalse();
    LabelSet ofJob = only(group(all, podOf("Job", "nightly-1")));
    assertThat(ofJob.valueOf(M + "pod_job_name")).isEqualTo("nightly-1");
    assertThat(ofJob.valueOf(M + "pod_cronjob_name")).isEqualTo("nightly");
    LabelSet plain = only(group(role(KubernetesRole.POD), podOf("Job", "nightly-1")));
    assertThat(plain.contains(M + "pod_job_name")).isFalse();
  }

  @Test
  void whatARoleHasNoUseForIsIgnored() {
    KubernetesDiscovery nodes =
        role(KubernetesRole.NODE).attachNode(true).attachNamespace(true).attachJob(true).build();
    assertThat(nodes.attachNode()).isFalse();
    assertThat(nodes).isEqualTo(role(KubernetesRole.NODE).build());
    KubernetesDiscovery pods =
        role(KubernetesRole.POD)
            .selectors(List.of(new KubernetesSelector(KubernetesRole.NODE, "pool=x", "")))
            .build();
    assertThat(pods.selectors()).hasSize(1);
  }
}
