package dev.psc.scrape.kubernetes;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of an API object that discovery needs; everything else is skipped while it is read.
 * Texts are never null: an absent one is empty. Immutable.
 */
sealed interface KubeObject {

  /** Returns the metadata. */
  Meta meta();

  /**
   * The metadata of an object.
   *
   * @param controllerKind of the owner that controls the object
   * @param deleting whether the object is being deleted
   */
  record Meta(
      String namespace,
      String name,
      String uid,
      Map<String, String> labels,
      Map<String, String> annotations,
      String controllerKind,
      String controllerName,
      boolean deleting) {

    /** Returns {@code namespace/name}, or the name alone where there are no namespaces. */
    String key() {
      return key(namespace, name);
    }

    static String key(String namespace, String name) {
      return namespace.isEmpty() ? name : namespace + "/" + name;
    }
  }

  /** A pod; {@code ready} is {@code true}, {@code false} or {@code unknown}. */
  record Pod(
      Meta meta,
      String ip,
      String hostIp,
      String phase,
      String ready,
      String nodeName,
      List<Container> containers)
      implements KubeObject {

    /** Returns whether all its containers have ended for good. */
    boolean finished() {
      return phase.equals("Succeeded") || phase.equals("Failed");
    }
  }

  /**
   * A container of a pod; {@code init} holds for sidecars declared among the init containers too.
   */
  record Container(String name, String image, String id, boolean init, List<ContainerPort> ports) {}

  /** A declared port of a container. */
  record ContainerPort(String name, int number, String protocol) {}

  /** A node; the keys of its conditions are in lower case. */
  record Node(
      Meta meta,
      String providerId,
      List<NodeAddress> addresses,
      int kubeletPort,
      Map<String, String> conditions)
      implements KubeObject {}

  /** An address of a node; the type is e.g. {@code InternalIP}. */
  record NodeAddress(String type, String address) {}

  /**
   * A service.
   *
   * @param loadBalancerIp the addresses of its status, separated by commas, or else that of its
   *     specification
   * @param primaryFamily the address type of its primary slices if it has two families, else empty
   */
  record Service(
      Meta meta,
      String type,
      String clusterIp,
      String externalName,
      String loadBalancerIp,
      String primaryFamily,
      List<Port> ports)
      implements KubeObject {}

  /** A port of a service, endpoints or an endpoint slice; a slice's may have no number. */
  record Port(String name, @Nullable Integer number, String protocol, String appProtocol) {}

  /** An endpoints object. */
  record Endpoints(Meta meta, List<Subset> subsets) implements KubeObject {}

  /** Addresses that share ports. */
  record Subset(List<Endpoint> ready, List<Endpoint> notReady, List<Port> ports) {}

  /** An endpoint slice. */
  record EndpointSlice(Meta meta, String addressType, List<Endpoint> endpoints, List<Port> ports)
      implements KubeObject {}

  /**
   * An endpoint of either kind; conditions that are not stated are null.
   *
   * @param topology deprecated labels of the node, still sent by old servers
   */
  record Endpoint(
      List<String> addresses,
      String hostname,
      String nodeName,
      String zone,
      String targetKind,
      String targetNamespace,
      String targetName,
      @Nullable Boolean ready,
      @Nullable Boolean serving,
      @Nullable Boolean terminating,
      Map<String, String> topology) {}

  /** An ingress. */
  record Ingress(Meta meta, String className, List<String> tlsHosts, List<Rule> rules)
      implements KubeObject {}

  /** A rule of an ingress. */
  record Rule(String host, List<String> paths) {}

  /** A namespace. */
  record Namespace(Meta meta) implements KubeObject {}

  /** A replica set or a job, of which only the owner counts. */
  record Owned(Meta meta) implements KubeObject {}
}
