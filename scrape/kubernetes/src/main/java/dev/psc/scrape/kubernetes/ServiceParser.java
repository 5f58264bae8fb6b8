package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import dev.psc.scrape.kubernetes.KubeObject.Endpoint;
import dev.psc.scrape.kubernetes.KubeObject.EndpointSlice;
import dev.psc.scrape.kubernetes.KubeObject.Endpoints;
import dev.psc.scrape.kubernetes.KubeObject.Ingress;
import dev.psc.scrape.kubernetes.KubeObject.Port;
import dev.psc.scrape.kubernetes.KubeObject.Rule;
import dev.psc.scrape.kubernetes.KubeObject.Service;
import dev.psc.scrape.kubernetes.KubeObject.Subset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parser of services, endpoints and ingresses; a part of {@link ObjectParser}. */
final class ServiceParser {

  private final MetaReader meta;

  ServiceParser(MetaReader meta) {
    this.meta = meta;
  }

  private static final class ServiceBuilder {
    String type = "";
    String clusterIp = "";
    String externalName = "";
    String loadBalancerIp = "";
    final List<String> ingressIps = new ArrayList<>();
    String familyPolicy = "";
    List<String> families = List.of();
    List<Port> ports = List.of();
  }

  Service service(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    ServiceBuilder service = new ServiceBuilder();
    ObjectReader.fields(
        in,
        field -> {
          if (field.equals("status")) {
            status(in, service);
            return true;
          }
          if (!field.equals("spec")) {
            return meta.field(field, in, built);
          }
          ObjectReader.fields(
              in,
              name -> {
                switch (name) {
                  case "ipFamilyPolicy" -> service.familyPolicy = meta.text(in);
                  case "ipFamilies" -> service.families = ObjectReader.list(in, meta::text);
                  case "type" -> service.type = meta.text(in);
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
        built.build(),
        service.type,
        service.clusterIp,
        service.externalName,
        service.ingressIps.isEmpty()
            ? service.loadBalancerIp
            : String.join(",", service.ingressIps),
        service.familyPolicy.endsWith("DualStack") && !service.families.isEmpty()
            ? service.families.get(0)
            : "",
        service.ports);
  }

  private static void status(JsonReader in, ServiceBuilder service) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          if (!name.equals("loadBalancer")) {
            return false;
          }
          ObjectReader.fields(
              in,
              inner -> {
                if (!inner.equals("ingress")) {
                  return false;
                }
                ObjectReader.list(in, reader -> ingressIp(reader, service.ingressIps));
                return true;
              });
          return true;
        });
  }

  private static List<String> ingressIp(JsonReader in, List<String> ips) throws IOException {
    ObjectReader.fields(
        in,
        name -> {
          if (!name.equals("ip")) {
            return false;
          }
          ips.add(in.nextString());
          return true;
        });
    return ips;
  }

  private Port port(JsonReader in) throws IOException {
    String[] texts = {"", "TCP", ""};
    @Nullable Integer[] number = {null};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "name" -> texts[0] = meta.text(in);
            case "port" -> number[0] = in.nextInt();
            case "protocol" -> texts[1] = meta.text(in);
            case "appProtocol" -> texts[2] = meta.text(in);
            default -> {
              return false;
            }
          }
          return true;
        });
    return new Port(texts[0], number[0], texts[1], texts[2]);
  }

  Endpoints endpoints(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    List<Subset> subsets = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          if (!field.equals("subsets")) {
            return meta.field(field, in, built);
          }
          subsets.addAll(ObjectReader.list(in, this::subset));
          return true;
        });
    return new Endpoints(built.build(), List.copyOf(subsets));
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

  EndpointSlice endpointSlice(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    String[] addressType = {""};
    List<Endpoint> endpoints = new ArrayList<>();
    List<Port> ports = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "addressType" -> addressType[0] = meta.text(in);
            case "endpoints" -> endpoints.addAll(ObjectReader.list(in, this::endpoint));
            case "ports" -> ports.addAll(ObjectReader.list(in, this::port));
            default -> {
              return meta.field(field, in, built);
            }
          }
          return true;
        });
    return new EndpointSlice(
        built.build(), addressType[0], List.copyOf(endpoints), List.copyOf(ports));
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
            case "nodeName" -> e.nodeName = meta.text(in);
            case "zone" -> e.zone = meta.text(in);
            case "deprecatedTopology", "topology" ->
                e.topology = ObjectReader.texts(in, meta.interner(), null);
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
            case "kind" -> endpoint.targetKind = meta.text(in);
            case "namespace" -> endpoint.targetNamespace = meta.text(in);
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

  Ingress ingress(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    String[] className = {""};
    List<String> tlsHosts = new ArrayList<>();
    List<Rule> rules = new ArrayList<>();
    ObjectReader.fields(
        in,
        field -> {
          if (!field.equals("spec")) {
            return meta.field(field, in, built);
          }
          ObjectReader.fields(
              in,
              name -> {
                switch (name) {
                  case "ingressClassName" -> className[0] = meta.text(in);
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
    return new Ingress(built.build(), className[0], List.copyOf(tlsHosts), List.copyOf(rules));
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
            case "host" -> host[0] = meta.text(in);
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
          path[0] = meta.text(in);
          return true;
        });
    return path[0].isEmpty() ? "/" : path[0];
  }
}
