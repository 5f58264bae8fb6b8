package dev.psc.scrape.cloud.internal.gce;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A lister of the instances of a zone. */
final class GceLister implements TargetLister {

  /** There are no settings for HTTP; as in Google's libraries, the environment has the proxy. */
  private static final HttpSettings HTTP =
      HttpSettings.builder()
          .proxy(new ProxySettings(Optional.empty(), List.of(), true, Map.of()))
          .build();

  private final GceSettings settings;
  private final ApiClient api;
  private final URI compute;
  private final GoogleCredentials credentials;

  GceLister(
      GceSettings settings, DiscoveryContext context, URI compute, GoogleEnvironment environment) {
    this.settings = settings;
    this.api = ApiClient.polling(settings.name(), context.http(), settings.refreshInterval());
    this.compute = compute;
    this.credentials =
        new GoogleCredentials(
            settings.name(), api, environment, context.clock(), GceSettings.COMPUTE);
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    List<LabelSet> targets = new ArrayList<>();
    ApiClient.Pages pages = new ApiClient.Pages(settings.name());
    String next = "";
    do {
      Json page = page(next);
      page.get("items").items().forEach(instance -> add(instance, targets));
      next = page.get("nextPageToken").text();
      if (!next.isEmpty()) {
        pages.next(next);
      }
    } while (!next.isEmpty());
    String source = "GCE_" + settings.project() + "_" + settings.zone();
    return List.of(new TargetGroup(source, targets, LabelSet.empty()));
  }

  private Json page(String token) throws DiscoveryException, InterruptedException {
    StringBuilder url = new StringBuilder(Settings.withoutSlash(compute));
    url.append("/compute/v1/projects/").append(ApiClient.encoded(settings.project()));
    url.append("/zones/").append(ApiClient.encoded(settings.zone())).append("/instances");
    url.append("?maxResults=500");
    if (!settings.filter().isEmpty()) {
      url.append("&filter=").append(ApiClient.encoded(settings.filter()));
    }
    if (!token.isEmpty()) {
      url.append("&pageToken=").append(ApiClient.encoded(token));
    }
    URI uri = URI.create(url.toString());
    HttpAnswer answer =
        api.getAny(
            uri,
            Settings.authorized(HTTP, "Bearer", credentials.token().reveal()),
            Map.of("Accept", "application/json"));
    if (answer.status() != 200) {
      if (answer.status() == 401) {
        credentials.refused();
      }
      throw new DiscoveryException(api.refused(uri, answer));
    }
    return Json.parse(answer.body());
  }

  private void add(Json instance, List<LabelSet> targets) {
    List<Json> interfaces = instance.get("networkInterfaces").items();
    if (interfaces.isEmpty()) {
      return;
    }
    Json primary = interfaces.get(0);
    String address = primary.get("networkIP").text();
    Map<String, String> addresses = new HashMap<>();
    interfaces.forEach(
        each -> addresses.put(each.get("name").text(), each.get("networkIP").text()));
    Map<String, String> metadata = new HashMap<>();
    instance
        .get("metadata")
        .get("items")
        .items()
        .forEach(item -> metadata.put(item.get("key").text(), item.get("value").text()));
    MetaLabels labels =
        MetaLabels.of("gce")
            .set("project", settings.project())
            .set("zone", instance.get("zone").text())
            .set("instance_id", instance.get("id").text())
            .set("instance_name", instance.get("name").text())
            .set("instance_status", instance.get("status").text())
            .set("machine_type", instance.get("machineType").text())
            .set("network", primary.get("network").text())
            .set("subnetwork", primary.get("subnetwork").text())
            .set("private_ip", address)
            .setAll("interface_ipv4_", addresses)
            .setAll("metadata_", metadata)
            .setAll("label_", instance.get("labels").texts());
    List<String> tags = instance.get("tags").get("items").items().stream().map(Json::text).toList();
    if (!tags.isEmpty()) {
      labels.setList("tags", settings.tagSeparator(), tags);
    }
    List<Json> outside = primary.get("accessConfigs").items();
    if (!outside.isEmpty() && outside.get(0).get("type").text().equals("ONE_TO_ONE_NAT")) {
      labels.set("public_ip", outside.get(0).get("natIP").text());
    }
    targets.add(labels.at(address, settings.port()));
  }
}
