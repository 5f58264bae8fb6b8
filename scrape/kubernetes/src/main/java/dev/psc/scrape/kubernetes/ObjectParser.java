package dev.psc.scrape.kubernetes;

import com.google.gson.stream.JsonReader;
import dev.psc.scrape.kubernetes.KubeObject.Namespace;
import dev.psc.scrape.kubernetes.KubeObject.Node;
import dev.psc.scrape.kubernetes.KubeObject.NodeAddress;
import dev.psc.scrape.kubernetes.KubeObject.Owned;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A parser of API objects that keeps only the fields that discovery needs. Not thread-safe. */
final class ObjectParser {

  private final MetaReader meta;
  private final PodParser pods;
  private final ServiceParser services;

  ObjectParser(Interner interner) {
    meta = new MetaReader(interner);
    pods = new PodParser(meta);
    services = new ServiceParser(meta);
  }

  String resourceVersion() {
    return meta.resourceVersion();
  }

  KubeObject parse(Resource resource, JsonReader in) throws IOException {
    meta.begin();
    return switch (resource) {
      case PODS -> pods.pod(in);
      case NODES -> node(in);
      case SERVICES -> services.service(in);
      case ENDPOINTS -> services.endpoints(in);
      case ENDPOINT_SLICES -> services.endpointSlice(in);
      case INGRESSES -> services.ingress(in);
      case NAMESPACES -> namespace(in);
      case REPLICA_SETS, JOBS -> owned(in);
    };
  }

  private Namespace namespace(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    ObjectReader.fields(in, field -> meta.field(field, in, built));
    return new Namespace(built.build());
  }

  private Owned owned(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    ObjectReader.fields(in, field -> meta.field(field, in, built));
    built.labels = Map.of();
    built.annotations = Map.of();
    return new Owned(built.build());
  }

  private String condition(JsonReader in, Map<String, String> conditions) throws IOException {
    String[] texts = meta.condition(in);
    conditions.put(
        texts[0].toLowerCase(Locale.ROOT),
        meta.interner().intern(texts[1].toLowerCase(Locale.ROOT)));
    return texts[0];
  }

  private Node node(JsonReader in) throws IOException {
    MetaReader.Builder built = new MetaReader.Builder();
    String[] providerId = {""};
    int[] port = {0};
    List<NodeAddress> addresses = new ArrayList<>();
    Map<String, String> conditions = new TreeMap<>();
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
                        case "conditions" ->
                            ObjectReader.list(in, reader -> condition(reader, conditions));
                        case "daemonEndpoints" -> port[0] = kubeletPort(in);
                        default -> {
                          return false;
                        }
                      }
                      return true;
                    });
            default -> {
              return meta.field(field, in, built);
            }
          }
          return true;
        });
    return new Node(
        built.build(), providerId[0], List.copyOf(addresses), port[0], Map.copyOf(conditions));
  }

  private NodeAddress nodeAddress(JsonReader in) throws IOException {
    String[] texts = {"", ""};
    ObjectReader.fields(
        in,
        name -> {
          switch (name) {
            case "type" -> texts[0] = meta.text(in);
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
}
