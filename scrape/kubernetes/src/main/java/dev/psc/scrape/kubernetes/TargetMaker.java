package dev.psc.scrape.kubernetes;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.kubernetes.KubeObject.Container;
import dev.psc.scrape.kubernetes.KubeObject.ContainerPort;
import dev.psc.scrape.kubernetes.KubeObject.Endpoint;
import dev.psc.scrape.kubernetes.KubeObject.EndpointSlice;
import dev.psc.scrape.kubernetes.KubeObject.Endpoints;
import dev.psc.scrape.kubernetes.KubeObject.Ingress;
import dev.psc.scrape.kubernetes.KubeObject.Meta;
import dev.psc.scrape.kubernetes.KubeObject.Namespace;
import dev.psc.scrape.kubernetes.KubeObject.Node;
import dev.psc.scrape.kubernetes.KubeObject.NodeAddress;
import dev.psc.scrape.kubernetes.KubeObject.Pod;
import dev.psc.scrape.kubernetes.KubeObject.Port;
import dev.psc.scrape.kubernetes.KubeObject.Rule;
import dev.psc.scrape.kubernetes.KubeObject.Service;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A converter of an object to a group of targets, with the labels of Prometheus. As thread-safe as
 * the lookup.
 */
final class TargetMaker {

  /** The label of an endpoint slice, and the key of a service, that belong together. */
  static final String SERVICE_NAME_LABEL = "kubernetes.io/service-name";

  private static final List<String> NODE_ADDRESS_TYPES =
      List.of("InternalIP", "InternalDNS", "ExternalIP", "ExternalDNS", "LegacyHostIP", "Hostname");
  private static final int KUBELET_PORT = 10250;

  /** A lookup of other known objects. */
  @FunctionalInterface
  interface Lookup {

    /** Returns the object of a kind and {@link Meta#key()}, if it is known. */
    @Nullable KubeObject find(Resource resource, String key);
  }

  private final KubernetesDiscovery settings;
  private final MetaLabels meta;
  private final PodLabels pods;

  TargetMaker(KubernetesDiscovery settings, MetaLabels meta) {
    this.settings = settings;
    this.meta = meta;
    this.pods = new PodLabels(settings, meta);
  }

  /** Returns the name of the group of an object. */
  static String source(KubernetesRole role, String key) {
    return (role == KubernetesRole.SERVICE ? "svc" : role.configName()) + "/" + key;
  }

  /** Returns the group of an object; without targets if it cannot be scraped. */
  TargetGroup group(KubeObject object, Lookup lookup) {
    String source = source(settings.role(), object.meta().key());
    LabelSet.Builder labels = LabelSet.builder();
    List<LabelSet> targets = new ArrayList<>();
    if (object instanceof Pod pod) {
      pod(pod, lookup, labels, targets);
    } else if (object instanceof Node node) {
      node(node, labels, targets);
    } else if (object instanceof Service service) {
      service(service, labels, targets);
    } else if (object instanceof Endpoints endpoints) {
      endpoints(endpoints, lookup, labels, targets);
    } else if (object instanceof EndpointSlice slice) {
      endpointSlice(slice, lookup, labels, targets);
    } else if (object instanceof Ingress ingress) {
      ingress(ingress, labels, targets);
    }
    if (targets.isEmpty()) {
      return new TargetGroup(source, List.of(), LabelSet.empty());
    }
    namespaceLabels(object.meta().namespace(), lookup, labels);
    return new TargetGroup(source, targets, labels.build());
  }

  private void namespaceLabels(String namespace, Lookup lookup, LabelSet.Builder labels) {
    if (settings.attachNamespace()
        && lookup.find(Resource.NAMESPACES, namespace) instanceof Namespace found) {
      meta.describe(labels, "namespace", found.meta());
    }
  }

  /** Returns {@code host:port}, with brackets around an IPv6 address. */
  static String address(String host, int port) {
    return bracketed(host) + ":" + port;
  }

  private static String bracketed(String host) {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }

  private void pod(Pod pod, Lookup lookup, LabelSet.Builder labels, List<LabelSet> targets) {
    if (!scrapable(pod)) {
      return;
    }
    // As in Prometheus: a selector of role node selects the pods of those nodes.
    if (settings.attachNode() && lookup.find(Resource.NODES, pod.nodeName()) == null) {
      return;
    }
    meta.set(labels, "namespace", pod.meta().namespace());
    pods.set(pod, lookup, labels);
    if (settings.attachNode()) {
      nodeLabels(pod.nodeName(), lookup, labels);
    }
    for (Container container : pod.containers()) {
      if (container.ports().isEmpty()) {
        LabelSet.Builder target = LabelSet.builder();
        target.set(TargetGroup.ADDRESS, bracketed(pod.ip()));
        containerLabels(container, target);
        meta.set(target, "pod_container_id", container.id());
        targets.add(target.build());
      }
      for (ContainerPort port : container.ports()) {
        LabelSet.Builder target = containerPort(pod, container, port);
        meta.set(target, "pod_container_id", container.id());
        targets.add(target.build());
      }
    }
  }

  private boolean scrapable(Pod pod) {
    return !pod.ip().isEmpty() && (settings.includeFinishedPods() || !pod.finished());
  }

  private LabelSet.Builder containerPort(Pod pod, Container container, ContainerPort port) {
    LabelSet.Builder target = LabelSet.builder();
    target.set(TargetGroup.ADDRESS, address(pod.ip(), port.number()));
    containerLabels(container, target);
    portLabels(port, port.protocol(), target);
    return target;
  }

  private void containerLabels(Container container, LabelSet.Builder target) {
    meta.set(target, "pod_container_name", container.name());
    meta.set(target, "pod_container_image", container.image());
    meta.set(target, "pod_container_init", String.valueOf(container.init()));
  }

  private void portLabels(ContainerPort port, String protocol, LabelSet.Builder target) {
    meta.set(target, "pod_container_port_name", port.name());
    meta.set(target, "pod_container_port_number", String.valueOf(port.number()));
    meta.set(target, "pod_container_port_protocol", protocol);
  }

  private void nodeLabels(String name, Lookup lookup, LabelSet.Builder labels) {
    if (lookup.find(Resource.NODES, name) instanceof Node node) {
      meta.set(labels, "node_name", name);
      meta.describe(labels, "node", node.meta());
    }
  }

  private void node(Node node, LabelSet.Builder labels, List<LabelSet> targets) {
    Map<String, String> addresses = new LinkedHashMap<>();
    for (NodeAddress address : node.addresses()) {
      addresses.putIfAbsent(address.type(), address.address());
    }
    String host =
        NODE_ADDRESS_TYPES.stream()
            .filter(addresses::containsKey)
            .map(addresses::get)
            .findFirst()
            .orElse("");
    if (host.isEmpty()) {
      return;
    }
    meta.set(labels, "node_name", node.meta().name());
    meta.set(labels, "node_provider_id", node.providerId());
    node.conditions()
        .forEach(
            (type, status) -> meta.set(labels, "node_condition_" + MetaLabels.legal(type), status));
    meta.describe(labels, "node", node.meta());
    LabelSet.Builder target = LabelSet.builder();
    target.set(
        TargetGroup.ADDRESS,
        address(host, node.kubeletPort() == 0 ? KUBELET_PORT : node.kubeletPort()));
    target.set("instance", node.meta().name());
    addresses.forEach(
        (type, value) -> meta.set(target, "node_address_" + MetaLabels.legal(type), value));
    targets.add(target.build());
  }

  private void service(Service service, LabelSet.Builder labels, List<LabelSet> targets) {
    serviceLabels(service, labels);
    for (Port port : service.ports()) {
      LabelSet.Builder target = LabelSet.builder();
      String host = service.meta().name() + "." + service.meta().namespace() + ".svc";
      target.set(TargetGroup.ADDRESS, address(host, port.number() == null ? 0 : port.number()));
      meta.set(target, "service_port_name", port.name());
      meta.set(target, "service_port_number", text(port.number()));
      meta.set(target, "service_port_protocol", port.protocol());
      meta.set(target, "service_type", service.type());
      if (service.type().equals("ExternalName")) {
        meta.set(target, "service_external_name", service.externalName());
      } else {
        meta.set(target, "service_cluster_ip", service.clusterIp());
      }
      if (service.type().equals("LoadBalancer")) {
        meta.set(target, "service_loadbalancer_ip", service.loadBalancerIp());
      }
      targets.add(target.build());
    }
  }

  private void serviceLabels(Service service, LabelSet.Builder labels) {
    meta.set(labels, "namespace", service.meta().namespace());
    meta.set(labels, "service_name", service.meta().name());
    meta.describe(labels, "service", service.meta());
  }

  /** The ports of a pod that its endpoints covered. */
  private record SeenPod(Pod pod, Set<Integer> ports) {}

  private void endpoints(
      Endpoints endpoints, Lookup lookup, LabelSet.Builder labels, List<LabelSet> targets) {
    meta.set(labels, "namespace", endpoints.meta().namespace());
    meta.set(labels, "endpoints_name", endpoints.meta().name());
    meta.describe(labels, "endpoints", endpoints.meta());
    if (lookup.find(Resource.SERVICES, endpoints.meta().key()) instanceof Service service) {
      serviceLabels(service, labels);
    }
    Map<String, SeenPod> seen = new LinkedHashMap<>();
    for (KubeObject.Subset subset : endpoints.subsets()) {
      for (Port port : subset.ports()) {
        for (Endpoint endpoint : subset.ready()) {
          targets.add(endpointsTarget(endpoint, port, "true", lookup, seen));
        }
        for (Endpoint endpoint : subset.notReady()) {
          targets.add(endpointsTarget(endpoint, port, "false", lookup, seen));
        }
      }
    }
    addUncoveredPorts(seen, lookup, targets);
  }

  private LabelSet endpointsTarget(
      Endpoint endpoint, Port port, String ready, Lookup lookup, Map<String, SeenPod> seen) {
    LabelSet.Builder target = LabelSet.builder();
    String host = endpoint.addresses().isEmpty() ? "" : endpoint.addresses().get(0);
    target.set(TargetGroup.ADDRESS, withPort(host, port.number()));
    meta.set(target, "endpoint_port_name", port.name());
    meta.set(target, "endpoint_port_protocol", port.protocol());
    meta.set(target, "endpoint_ready", ready);
    meta.set(target, "endpoint_address_target_kind", endpoint.targetKind());
    meta.set(target, "endpoint_address_target_name", endpoint.targetName());
    meta.set(target, "endpoint_node_name", endpoint.nodeName());
    meta.set(target, "endpoint_hostname", endpoint.hostname());
    if (settings.attachNode()) {
      boolean isNode = endpoint.nodeName().isEmpty() && endpoint.targetKind().equals("Node");
      nodeLabels(isNode ? endpoint.targetName() : endpoint.nodeName(), lookup, target);
    }
    attachPod(endpoint, port, lookup, seen, target);
    return target.build();
  }

  private static String withPort(String host, @Nullable Integer port) {
    return port == null ? bracketed(host) : address(host, port);
  }

  private void endpointSlice(
      EndpointSlice slice, Lookup lookup, LabelSet.Builder labels, List<LabelSet> targets) {
    meta.set(labels, "namespace", slice.meta().namespace());
    meta.set(labels, "endpointslice_name", slice.meta().name());
    meta.set(labels, "endpointslice_address_type", slice.addressType());
    meta.describe(labels, "endpointslice", slice.meta());
    String service = slice.meta().labels().getOrDefault(SERVICE_NAME_LABEL, "");
    if (lookup.find(Resource.SERVICES, Meta.key(slice.meta().namespace(), service))
        instanceof Service found) {
      serviceLabels(found, labels);
      if (!found.primaryFamily().isEmpty() && !found.primaryFamily().equals(slice.addressType())) {
        // The slices of the other family have the same pods.
        return;
      }
    }
    Map<String, SeenPod> seen = new LinkedHashMap<>();
    for (Endpoint endpoint : slice.endpoints()) {
      for (Port port : slice.ports()) {
        for (String host : endpoint.addresses()) {
          targets.add(sliceTarget(host, endpoint, port, lookup, seen));
        }
      }
    }
    addUncoveredPorts(seen, lookup, targets);
  }

  private LabelSet sliceTarget(
      String host, Endpoint endpoint, Port port, Lookup lookup, Map<String, SeenPod> seen) {
    LabelSet.Builder target = LabelSet.builder();
    target.set(TargetGroup.ADDRESS, withPort(host, port.number()));
    meta.set(target, "endpointslice_port_name", port.name());
    meta.set(target, "endpointslice_port_protocol", port.protocol());
    meta.set(target, "endpointslice_port", text(port.number()));
    meta.set(target, "endpointslice_port_app_protocol", port.appProtocol());
    meta.set(target, "endpointslice_endpoint_conditions_ready", text(endpoint.ready()));
    meta.set(target, "endpointslice_endpoint_conditions_serving", text(endpoint.serving()));
    meta.set(target, "endpointslice_endpoint_conditions_terminating", text(endpoint.terminating()));
    meta.set(target, "endpointslice_endpoint_hostname", endpoint.hostname());
    meta.set(target, "endpointslice_endpoint_node_name", endpoint.nodeName());
    meta.set(target, "endpointslice_endpoint_zone", endpoint.zone());
    meta.set(target, "endpointslice_address_target_kind", endpoint.targetKind());
    meta.set(target, "endpointslice_address_target_name", endpoint.targetName());
    meta.describe(
        target,
        "endpointslice_endpoint_topology_",
        "endpointslice_endpoint_topology_present_",
        endpoint.topology(),
        host);
    if (settings.attachNode()) {
      boolean isNode = endpoint.targetKind().equals("Node");
      nodeLabels(isNode ? endpoint.targetName() : endpoint.nodeName(), lookup, target);
    }
    attachPod(endpoint, port, lookup, seen, target);
    return target.build();
  }

  private void attachPod(
      Endpoint endpoint,
      Port port,
      Lookup lookup,
      Map<String, SeenPod> seen,
      LabelSet.Builder target) {
    String key = podKey(endpoint);
    if (key.isEmpty() || !(lookup.find(Resource.PODS, key) instanceof Pod pod)) {
      return;
    }
    pods.set(pod, lookup, target);
    SeenPod entry = seen.computeIfAbsent(key, k -> new SeenPod(pod, new TreeSet<>()));
    Integer number = port.number();
    if (number == null) {
      return;
    }
    entry.ports().add(number);
    for (Container container : pod.containers()) {
      for (ContainerPort declared : container.ports()) {
        if (declared.number() == number) {
          meta.set(target, "pod_container_name", container.name());
          meta.set(target, "pod_container_image", container.image());
          meta.set(target, "pod_container_init", String.valueOf(container.init()));
          portLabels(declared, declared.protocol(), target);
          return;
        }
      }
    }
  }

  /** Returns the key of the pod behind an endpoint, or the empty text. */
  static String podKey(Endpoint endpoint) {
    return endpoint.targetKind().equals("Pod")
        ? Meta.key(endpoint.targetNamespace(), endpoint.targetName())
        : "";
  }

  /** As in Prometheus, the pods behind a service are scraped at their other ports too. */
  private void addUncoveredPorts(Map<String, SeenPod> seen, Lookup lookup, List<LabelSet> targets) {
    for (SeenPod entry : seen.values()) {
      Pod pod = entry.pod();
      if (!scrapable(pod)) {
        continue;
      }
      for (Container container : pod.containers()) {
        for (ContainerPort port : container.ports()) {
          if (!entry.ports().contains(port.number())) {
            LabelSet.Builder target = containerPort(pod, container, port);
            pods.set(pod, lookup, target);
            targets.add(target.build());
          }
        }
      }
    }
  }

  private void ingress(Ingress ingress, LabelSet.Builder labels, List<LabelSet> targets) {
    meta.set(labels, "namespace", ingress.meta().namespace());
    meta.set(labels, "ingress_name", ingress.meta().name());
    meta.set(labels, "ingress_class_name", ingress.className());
    meta.describe(labels, "ingress", ingress.meta());
    for (Rule rule : ingress.rules()) {
      boolean tls = ingress.tlsHosts().stream().anyMatch(host -> matches(host, rule.host()));
      for (String path : rule.paths()) {
        LabelSet.Builder target = LabelSet.builder();
        target.set(TargetGroup.ADDRESS, rule.host());
        meta.set(target, "ingress_scheme", tls ? "https" : "http");
        meta.set(target, "ingress_host", rule.host());
        meta.set(target, "ingress_path", path);
        targets.add(target.build());
      }
    }
  }

  /** Returns whether a host is that of a certificate, whose first part may be {@code *}. */
  private static boolean matches(String pattern, String host) {
    if (pattern.equals(host)) {
      return true;
    }
    int dot = host.indexOf('.');
    return pattern.startsWith("*.") && dot > 0 && pattern.substring(1).equals(host.substring(dot));
  }
}
