package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
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
import dev.psc.scrape.kubernetes.KubeObject.Subset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads objects of the API from a stream and keeps only what discovery needs. One per stream, or
 * one after the other; not thread-safe.
 */
final class ObjectParser {

  /**
   * A copy of the whole object that kubectl leaves in an annotation: up to 256 kB each, of no use
   * in a label.
   */
  private static final String LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

  private final Interner interner;

  /**
   * The version of the object that was read last; not part of it, since it changes with any edit.
   */
  private String resourceVersion = "";

  ObjectParser(Interner interner) {
    this.interner = interner;
  }

  String resourceVersion() {
    return resourceVersion;
  }

  KubeObject parse(Resource resource, JsonReader in) throws IOException {
    resourceVersion = "";
    return switch (resource) {
      case PODS -> pod(in);
      case NODES -> node(in);
      case SERVICES -> service(in);
      case ENDPOINTS -> endpoints(in);
      case ENDPOINT_SLICES -> endpointSlice(in);
      case INGRESSES -> ingress(in);
      case NAMESPACES -> namespace(in);
    };
  }

  private String text(JsonReader in) throws IOException {
    return interner.intern(in.nextString());
  }

  private static final class MetaBuilder {
    String namespace = "";
    String name = "";
    String uid = "";
    Map<String, String> labels = Map.of();
    Map<String, String> annotations = Map.of();
    String controllerKind = "";
    String controllerName = "";
    boolean deleting;

    Meta build() {
      return new Meta(
          namespace, name, uid, labels, annotations, controllerKind, controllerName, deleting);
    }
  }

  private boolean metaField(String field, JsonReader in, MetaBuilder meta) throws IOException {
    if (!field.equals("metadata")) {
      return false;
    }
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> meta.name = in.nextString();
            case "namespace" -> meta.namespace = text(in);
            case "uid" -> meta.uid = in.nextString();
            case "resourceVersion" -> resourceVersion = in.nextString();
            case "labels" -> meta.labels = ObjectReader.texts(in, interner, null);
            case "annotations" -> meta.annotations = ObjectReader.texts(in, interner, LAST_APPLIED);
            case "ownerReferences" -> owners(in, meta);
            case "deletionTimestamp" -> {
              in.skipValue();
              meta.deleting = true;
            }
            default -> {
              return false;
            }
          }
          return true;
        });
    return true;
  }

  private void owners(JsonReader in, MetaBuilder meta) throws IOException {
    ObjectReader.list(
        in,
        reader -> {
          String[] owner = {"", ""};
          boolean[] controller = {false};
          ObjectReader.fields(
              reader,
              name -> {
                switch (name) {
                  case "kind" -> owner[0] = text(reader);
                  case "name" -> owner[1] = text(reader);
                  case "controller" -> controller[0] = reader.nextBoolean();
                  default -> {
                    return false;
                  }
                }
                return true;
              });
          if (controller[0] && meta.controllerKind.isEmpty() && meta.controllerName.isEmpty()) {
            meta.controllerKind = owner[0];
            meta.controllerName = owner[1];
          }
          return owner;
        });
  }

  private Namespace namespace(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    ObjectReader.fields(in, field -> metaField(field, in, meta));
    return new Namespace(meta.build());
  }

  private static final class PodBuilder {
    String ip = "";
    String hostIp = "";
    String phase = "";
    String ready = "unknown";
    String nodeName = "";
    final List<Container> containers = new ArrayList<>();
    final List<Container> initContainers = new ArrayList<>();
    final Map<String, String> ids = new HashMap<>();
    final Map<String, String> initIds = new HashMap<>();
  }

  private Pod pod(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    PodBuilder pod = new PodBuilder();
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "spec" -> podSpec(in, pod);
            case "status" -> podStatus(in, pod);
            default -> {
              return metaField(field, in, meta);
            }
          }
          return true;
        });
    List<Container> containers = new ArrayList<>();
    addWithIds(pod.containers, pod.ids, containers);
    addWithIds(pod.initContainers, pod.initIds, containers);
    return new Pod(
        meta.build(),
        pod.ip,
        pod.hostIp,
        pod.phase,
        pod.ready,
        pod.nodeName,
        List.copyOf(containers));
  }

  private static void addWithIds(
      List<Container> from, Map<String, String> ids, List<Container> to) {
    for (Container c : from) {
      to.add(
          new Container(c.name(), c.image(), ids.getOrDefault(c.name(), ""), c.init(), c.ports()));
    }
  }

  private void podSpec(JsonReader in, PodBuilder pod) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "nodeName" -> pod.nodeName = text(in);
            case "containers" ->
                pod.containers.addAll(ObjectReader.list(in, reader -> container(reader, false)));
            case "initContainers" ->
                pod.initContainers.addAll(ObjectReader.list(in, reader -> container(reader, true)));
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private Container container(JsonReader in, boolean init) throws IOException {
    String[] texts = {"", ""};
    List<ContainerPort> ports = new ArrayList<>();
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = text(in);
            case "image" -> texts[1] = text(in);
            case "ports" -> ports.addAll(ObjectReader.list(in, this::containerPort));
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Container(texts[0], texts[1], "", init, List.copyOf(ports));
  }

  private ContainerPort containerPort(JsonReader in) throws IOException {
    String[] texts = {"", "TCP"};
    int[] number = {0};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = text(in);
            case "containerPort" -> number[0] = in.nextInt();
            case "protocol" -> texts[1] = text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    return new ContainerPort(texts[0], number[0], texts[1]);
  }

  private void podStatus(JsonReader in, PodBuilder pod) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "podIP" -> pod.ip = in.nextString();
            case "hostIP" -> pod.hostIp = text(in);
            case "phase" -> pod.phase = text(in);
            case "conditions" -> ObjectReader.list(in, reader -> condition(reader, pod));
            case "containerStatuses" ->
                ObjectReader.list(in, reader -> containerId(reader, pod.ids));
            case "initContainerStatuses" ->
                ObjectReader.list(in, reader -> containerId(reader, pod.initIds));
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private String condition(JsonReader in, PodBuilder pod) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "type" -> texts[0] = text(in);
            case "status" -> texts[1] = text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    if (texts[0].equals("Ready")) {
      pod.ready = interner.intern(texts[1].toLowerCase(Locale.ROOT));
    }
    return texts[0];
  }

  private String containerId(JsonReader in, Map<String, String> ids) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = text(in);
            case "containerID" -> texts[1] = in.nextString();
            default -> {
              return false;
            }
          }
          return true;
        });
    ids.put(texts[0], texts[1]);
    return texts[0];
  }

  private Node node(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    String[] providerId = {""};
    int[] port = {0};
    List<NodeAddress> addresses = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "spec" ->
                ObjectReader.fields(
                    in,
                    name -> {
                      if (!name.equals("providerID")) {
                        return false;
                      }
                      providerId[0] = in.nextString();
                      return true;
                    });
            case "status" ->
                ObjectReader.fields(
                    in,
                    name -> {
                      switch (name) {
                        case "addresses" ->
                            addresses.addAll(ObjectReader.list(in, this::nodeAddress));
                        case "daemonEndpoints" -> port[0] = kubeletPort(in);
                        default -> {
                          return false;
                        }
                      }
                      return true;
                    });
            default -> {
              return metaField(field, in, meta);
            }
          }
          return true;
        });
    return new Node(meta.build(), providerId[0], List.copyOf(addresses), port[0]);
  }

  private NodeAddress nodeAddress(JsonReader in) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "type" -> texts[0] = text(in);
            case "address" -> texts[1] = in.nextString();
            default -> {
              return false;
            }
          }
          return true;
        });
    return new NodeAddress(texts[0], texts[1]);
  }

  private static int kubeletPort(JsonReader in) throws IOException {
    int[] port = {0};
    ObjectReader.fields(
        in,
        endpoint -> {
          if (!endpoint.equals("kubeletEndpoint")) {
            return false;
          }
          ObjectReader.fields(
              in,
              name -> {
                if (!name.equals("Port")) {
                  return false;
                }
                port[0] = in.nextInt();
                return true;
              });
          return true;
        });
    return port[0];
  }

  private static final class ServiceBuilder {
    String type = "";
    String clusterIp = "";
    String externalName = "";
    String loadBalancerIp = "";
    List<Port> ports = List.of();
  }

  private Service service(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    ServiceBuilder service = new ServiceBuilder();
    ObjectReader.fields(
        in,
        field -> {
          if (!field.equals("spec")) {
            return metaField(field, in, meta);
          }
          ObjectReader.fields(
              in,
              name -> {
                switch (name) {
                  case "type" -> service.type = text(in);
                  case "clusterIP" -> service.clusterIp = in.nextString();
                  case "externalName" -> service.externalName = in.nextString();
                  case "loadBalancerIP" -> service.loadBalancerIp = in.nextString();
                  case "ports" -> service.ports = ObjectReader.list(in, this::port);
                  default -> {
                    return false;
                  }
                }
                return true;
              });
          return true;
        });
    return new Service(
        meta.build(),
        service.type,
        service.clusterIp,
        service.externalName,
        service.loadBalancerIp,
        service.ports);
  }

  private Port port(JsonReader in) throws IOException {
    String[] texts = {"", "TCP", ""};
    @Nullable Integer[] number = {null};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = text(in);
            case "port" -> number[0] = in.nextInt();
            case "protocol" -> texts[1] = text(in);
            case "appProtocol" -> texts[2] = text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Port(texts[0], number[0], texts[1], texts[2]);
  }

  private Endpoints endpoints(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    List<Subset> subsets = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          if (!field.equals("subsets")) {
            return metaField(field, in, meta);
          }
          subsets.addAll(ObjectReader.list(in, this::subset));
          return true;
        });
    return new Endpoints(meta.build(), List.copyOf(subsets));
  }

  private Subset subset(JsonReader in) throws IOException {
    List<Endpoint> ready = new ArrayList<>();
    List<Endpoint> notReady = new ArrayList<>();
    List<Port> ports = new ArrayList<>();
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "addresses" -> ready.addAll(ObjectReader.list(in, this::endpoint));
            case "notReadyAddresses" -> notReady.addAll(ObjectReader.list(in, this::endpoint));
            case "ports" -> ports.addAll(ObjectReader.list(in, this::port));
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Subset(List.copyOf(ready), List.copyOf(notReady), List.copyOf(ports));
  }

  private EndpointSlice endpointSlice(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    String[] addressType = {""};
    List<Endpoint> endpoints = new ArrayList<>();
    List<Port> ports = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "addressType" -> addressType[0] = text(in);
            case "endpoints" -> endpoints.addAll(ObjectReader.list(in, this::endpoint));
            case "ports" -> ports.addAll(ObjectReader.list(in, this::port));
            default -> {
              return metaField(field, in, meta);
            }
          }
          return true;
        });
    return new EndpointSlice(
        meta.build(), addressType[0], List.copyOf(endpoints), List.copyOf(ports));
  }

  private static final class EndpointBuilder {
    List<String> addresses = List.of();
    String hostname = "";
    String nodeName = "";
    String zone = "";
    String targetKind = "";
    String targetNamespace = "";
    String targetName = "";
    @Nullable Boolean ready;
    @Nullable Boolean serving;
    @Nullable Boolean terminating;
    Map<String, String> topology = Map.of();
  }

  private Endpoint endpoint(JsonReader in) throws IOException {
    EndpointBuilder e = new EndpointBuilder();
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "ip" -> e.addresses = List.of(in.nextString());
            case "addresses" -> e.addresses = ObjectReader.list(in, JsonReader::nextString);
            case "hostname" -> e.hostname = in.nextString();
            case "nodeName" -> e.nodeName = text(in);
            case "zone" -> e.zone = text(in);
            case "deprecatedTopology", "topology" ->
                e.topology = ObjectReader.texts(in, interner, null);
            case "targetRef" -> targetRef(in, e);
            case "conditions" -> conditions(in, e);
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Endpoint(
        e.addresses,
        e.hostname,
        e.nodeName,
        e.zone,
        e.targetKind,
        e.targetNamespace,
        e.targetName,
        e.ready,
        e.serving,
        e.terminating,
        e.topology);
  }

  private void targetRef(JsonReader in, EndpointBuilder endpoint) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "kind" -> endpoint.targetKind = text(in);
            case "namespace" -> endpoint.targetNamespace = text(in);
            case "name" -> endpoint.targetName = in.nextString();
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private static void conditions(JsonReader in, EndpointBuilder endpoint) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "ready" -> endpoint.ready = in.nextBoolean();
            case "serving" -> endpoint.serving = in.nextBoolean();
            case "terminating" -> endpoint.terminating = in.nextBoolean();
            default -> {
              return false;
            }
          }
          return true;
        });
  }

  private Ingress ingress(JsonReader in) throws IOException {
    MetaBuilder meta = new MetaBuilder();
    String[] className = {""};
    List<String> tlsHosts = new ArrayList<>();
    List<Rule> rules = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          if (!field.equals("spec")) {
            return metaField(field, in, meta);
          }
          ObjectReader.fields(
              in,
              name -> {
                switch (name) {
                  case "ingressClassName" -> className[0] = text(in);
                  case "tls" -> ObjectReader.list(in, reader -> tlsHosts(reader, tlsHosts));
                  case "rules" -> rules.addAll(ObjectReader.list(in, this::rule));
                  default -> {
                    return false;
                  }
                }
                return true;
              });
          return true;
        });
    return new Ingress(meta.build(), className[0], List.copyOf(tlsHosts), List.copyOf(rules));
  }

  private static List<String> tlsHosts(JsonReader in, List<String> hosts) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          if (!name.equals("hosts")) {
            return false;
          }
          hosts.addAll(ObjectReader.list(in, JsonReader::nextString));
          return true;
        });
    return hosts;
  }

  private Rule rule(JsonReader in) throws IOException {
    String[] host = {""};
    List<String> paths = new ArrayList<>();
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "host" -> host[0] = text(in);
            case "http" ->
                ObjectReader.fields(
                    in,
                    inner -> {
                      if (!inner.equals("paths")) {
                        return false;
                      }
                      paths.addAll(ObjectReader.list(in, this::path));
                      return true;
                    });
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Rule(host[0], paths.isEmpty() ? List.of("/") : List.copyOf(paths));
  }

  private String path(JsonReader in) throws IOException {
    String[] path = {""};
    ObjectReader.fields(
        in,
        name -> {
          if (!name.equals("path")) {
            return false;
          }
          path[0] = text(in);
          return true;
        });
    return path[0].isEmpty() ? "/" : path[0];
  }
}
