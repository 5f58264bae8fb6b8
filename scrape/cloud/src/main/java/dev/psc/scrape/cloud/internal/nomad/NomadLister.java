package dev.psc.scrape.cloud.internal.nomad;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpClients;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** A lister of the instances of all services of a namespace. */
final class NomadLister implements TargetLister {

  private final NomadSettings settings;
  private final ApiClient api;

  NomadLister(NomadSettings settings, HttpClients http) {
    this.settings = settings;
    this.api = ApiClient.polling(settings.name(), http, settings.refreshInterval());
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    List<LabelSet> targets = new ArrayList<>();
    Json namespaces = Json.parse(get("/v1/services", settings.namespace()).body());
    for (Json namespace : namespaces.items()) {
      // With namespace "*" the list has several, and an instance is found in its own only.
      String name = namespace.get("Namespace").text();
      for (Json service : namespace.get("Services").items()) {
        String path = "/v1/service/" + ApiClient.encoded(service.get("ServiceName").text());
        HttpAnswer answer = get(path, name.isEmpty() ? settings.namespace() : name);
        for (Json instance : Json.parse(answer.body()).items()) {
          targets.add(target(instance));
        }
      }
    }
    return List.of(new TargetGroup("Nomad", targets, LabelSet.empty()));
  }

  private HttpAnswer get(String path, String namespace)
      throws DiscoveryException, InterruptedException {
    StringBuilder url = new StringBuilder(Settings.withoutSlash(settings.server())).append(path);
    char separator = '?';
    if (!namespace.isEmpty()) {
      url.append("?namespace=").append(ApiClient.encoded(namespace));
      separator = '&';
    }
    if (!settings.region().isEmpty()) {
      url.append(separator).append("region=").append(ApiClient.encoded(settings.region()));
      separator = '&';
    }
    if (settings.allowStale()) {
      url.append(separator).append("stale=");
    }
    return api.get(URI.create(url.toString()), settings.http(), Map.of());
  }

  private LabelSet target(Json instance) {
    String address = instance.get("Address").text();
    long port = instance.get("Port").number();
    MetaLabels labels =
        MetaLabels.of("nomad")
            .set("address", address)
            .set("dc", instance.get("Datacenter").text())
            .set("node_id", instance.get("NodeID").text())
            .set("namespace", instance.get("Namespace").text())
            .set("service_address", address)
            .set("service_id", instance.get("ID").text())
            .set("service_port", String.valueOf(port))
            .set("service", instance.get("ServiceName").text());
    List<String> tags = instance.get("Tags").items().stream().map(Json::text).toList();
    if (!tags.isEmpty()) {
      labels.setList("tags", settings.tagSeparator(), tags);
    }
    return labels.at(address, port);
  }
}
