package dev.psc.scrape.cloud.internal.azure;

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
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A lister of the virtual machines of a subscription or resource group. */
final class AzureLister implements TargetLister {

  private static final Logger logger = LoggerFactory.getLogger(AzureLister.class);

  private static final String COMPUTE = "/providers/Microsoft.Compute/";
  private static final String COMPUTE_VERSION = "api-version=2023-09-01";
  private static final String EXPAND = "&%24expand=IPConfigurations%2FPublicIPAddress";

  private final AzureSettings settings;
  private final ApiClient api;
  private final AzureCredentials credentials;
  private final InterfaceCache interfaces;
  private final String base;

  AzureLister(AzureSettings settings, DiscoveryContext context, Map<String, String> variables) {
    this.settings = settings;
    this.api = ApiClient.polling(settings.name(), context.http(), settings.refreshInterval());
    this.credentials = new AzureCredentials(settings, api, variables, context.clock());
    this.interfaces = new InterfaceCache(settings.refreshInterval(), context.clock());
    this.base = Settings.withoutSlash(settings.cloud().resources());
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    String scope = "/subscriptions/" + ApiClient.encoded(settings.subscription());
    if (!settings.resourceGroup().isEmpty()) {
      scope += "/resourceGroups/" + ApiClient.encoded(settings.resourceGroup());
    }
    List<AzureMachine> machines = new ArrayList<>();
    for (Json machine : all(scope + COMPUTE + "virtualMachines?" + COMPUTE_VERSION)) {
      machines.add(new AzureMachine(machine, ""));
    }
    for (Json scaleSet : all(scope + COMPUTE + "virtualMachineScaleSets?" + COMPUTE_VERSION)) {
      String id = scaleSet.get("id").text();
      String name = scaleSet.get("name").text();
      String path =
          "/subscriptions/"
              + ApiClient.encoded(settings.subscription())
              + "/resourceGroups/"
              + ApiClient.encoded(AzureMachine.part(id, "resourceGroups"))
              + COMPUTE
              + "virtualMachineScaleSets/"
              + ApiClient.encoded(name)
              + "/virtualMachines?"
              + COMPUTE_VERSION;
      for (Json machine : all(path)) {
        machines.add(new AzureMachine(machine, name));
      }
    }
    List<LabelSet> targets = new ArrayList<>();
    for (AzureMachine machine : machines) {
      target(machine).ifPresent(targets::add);
    }
    return List.of(new TargetGroup("azure", targets, LabelSet.empty()));
  }

  /** Returns the elements of all pages of a list. */
  private List<Json> all(String path) throws DiscoveryException, InterruptedException {
    List<Json> elements = new ArrayList<>();
    ApiClient.Pages pages = new ApiClient.Pages(settings.name());
    URI uri = URI.create(base + path);
    while (true) {
      HttpAnswer answer = ask(uri);
      if (answer.status() != 200) {
        throw new DiscoveryException(api.refused(uri, answer));
      }
      Json page = Json.parse(answer.body());
      elements.addAll(page.get("value").items());
      String next = page.get("nextLink").text();
      if (next.isEmpty()) {
        return elements;
      }
      pages.next(next);
      uri = next(next);
    }
  }

  /** Returns the URL of the next page; the token goes to the resource manager only. */
  private URI next(String link) throws DiscoveryException {
    try {
      URI uri = URI.create(link.replace(" ", "%20"));
      if (String.valueOf(uri.getScheme()).equalsIgnoreCase(settings.cloud().resources().getScheme())
          && String.valueOf(uri.getRawAuthority())
              .equalsIgnoreCase(settings.cloud().resources().getRawAuthority())) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // As for a link to another server.
      logger.debug("{}: nextLink is not a URL", settings.name(), e);
    }
    throw new DiscoveryException(
        settings.name() + ": the next page of a list is not at " + settings.cloud().resources());
  }

  private HttpAnswer ask(URI uri) throws DiscoveryException, InterruptedException {
    HttpAnswer answer = api.getAny(uri, credentials.http(), Map.of("Accept", "application/json"));
    if (answer.status() == 401) {
      credentials.refused();
    }
    return answer;
  }

  /** Returns nothing for a machine that is not allocated, or whose interface has just gone. */
  private Optional<LabelSet> target(AzureMachine machine)
      throws DiscoveryException, InterruptedException {
    MetaLabels labels = machine.labels(settings);
    for (String id : machine.interfaces()) {
      Optional<Json> found = networkInterface(machine, id);
      if (found.isEmpty()) {
        return Optional.empty();
      }
      Json properties = found.get().get("properties");
      if (!properties.isPresent()) {
        continue;
      }
      if (!properties.get("primary").isPresent()) {
        // Only the interfaces of allocated machines have this field.
        return Optional.empty();
      }
      List<Json> addresses = properties.get("ipConfigurations").items();
      if (properties.get("primary").flag() && !addresses.isEmpty()) {
        Json address = addresses.get(0).get("properties");
        labels.set(
            "machine_public_ip",
            address.get("publicIPAddress").get("properties").get("ipAddress").text());
        String privateIp = address.get("privateIPAddress").text();
        if (privateIp.isEmpty()) {
          throw new DiscoveryException(
              settings.name() + ": machine " + machine.name() + " has no private address");
        }
        return Optional.of(
            labels.set("machine_private_ip", privateIp).at(privateIp, settings.port()));
      }
    }
    return Optional.empty();
  }

  private Optional<Json> networkInterface(AzureMachine machine, String id)
      throws DiscoveryException, InterruptedException {
    Optional<Json> known = interfaces.get(id);
    if (known.isPresent()) {
      return known;
    }
    URI uri;
    try {
      uri = new URI(base + machine.interfacePath(id).replace(" ", "%20") + EXPAND);
    } catch (java.net.URISyntaxException e) {
      throw new DiscoveryException(
          settings.name() + ": machine " + machine.name() + " has an interface without a usable id",
          e);
    }
    HttpAnswer answer = ask(uri);
    if (answer.status() == 404) {
      logger.warn("{}: network interface {} does not exist", settings.name(), id);
      return Optional.empty();
    }
    if (answer.status() != 200) {
      throw new DiscoveryException(api.refused(uri, answer));
    }
    Json found = Json.parse(answer.body());
    interfaces.put(id, found);
    return Optional.of(found);
  }
}
