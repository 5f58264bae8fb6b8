package dev.psc.otlp;

import dev.psc.label.LabelSet;
import java.util.LinkedHashMap;
import java.util.Map;

/** The names of labels of series and of attributes of resources. */
final class ResourceNames {

  /** The attributes that OpenTelemetry defines, by the labels that {@code JvmProfiling} sets. */
  private static final Map<String, String> ATTRIBUTES =
      Map.ofEntries(
          Map.entry("service_name", "service.name"),
          Map.entry("service_namespace", "service.namespace"),
          Map.entry("service_version", "service.version"),
          Map.entry("instance", "service.instance.id"),
          Map.entry("deployment_environment_name", "deployment.environment.name"),
          Map.entry("host_name", "host.name"),
          Map.entry("k8s_cluster_name", "k8s.cluster.name"),
          Map.entry("k8s_namespace_name", "k8s.namespace.name"),
          Map.entry("k8s_node_name", "k8s.node.name"),
          Map.entry("k8s_pod_name", "k8s.pod.name"),
          Map.entry("k8s_pod_uid", "k8s.pod.uid"),
          Map.entry("k8s_container_name", "k8s.container.name"),
          Map.entry("k8s_deployment_name", "k8s.deployment.name"));

  private static final String SERVICE = "service.name";

  private ResourceNames() {}

  /**
   * Returns the attributes of a series. {@code service.name} is always there, as OpenTelemetry
   * demands: from {@code service_name}, else from {@code job}.
   */
  static Map<String, String> attributes(LabelSet series) {
    Map<String, String> attributes = new LinkedHashMap<>();
    series
        .toMap()
        .forEach(
            (name, value) -> {
              if (!name.equals(LabelSet.NAME)) {
                attributes.put(ATTRIBUTES.getOrDefault(name, name), value);
              }
            });
    if (!attributes.containsKey(SERVICE)) {
      String job = series.valueOf("job");
      attributes.put(SERVICE, job.isEmpty() ? "unknown_service" : job);
    }
    return attributes;
  }

  /** Returns the label of an attribute. */
  static String label(String attribute) {
    if (attribute.equals("service.instance.id")) {
      return "instance";
    }
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < attribute.length(); i++) {
      char c = attribute.charAt(i);
      boolean legal =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
      name.append(legal ? c : '_');
    }
    return name.isEmpty() || Character.isDigit(name.charAt(0)) ? "_" + name : name.toString();
  }
}
