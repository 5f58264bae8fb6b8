package dev.psc.scrape.cloud.internal.consul;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.discovery.TargetGroup;
import java.util.ArrayList;
import java.util.List;

/** The targets of a service, from a response of the health API. */
final class ConsulLabels {

  private ConsulLabels() {}

  static TargetGroup group(String service, String datacenter, String separator, Json entries) {
    List<LabelSet> targets = new ArrayList<>();
    entries.items().forEach(entry -> targets.add(target(entry, separator)));
    LabelSet common = MetaLabels.of("consul").set("service", service).set("dc", datacenter).build();
    return new TargetGroup(service, targets, common);
  }

  private static LabelSet target(Json entry, String separator) {
    Json node = entry.get("Node");
    Json service = entry.get("Service");
    List<String> tags = service.get("Tags").items().stream().map(Json::text).toList();
    String serviceAddress = service.get("Address").text();
    String nodeAddress = node.get("Address").text();
    long port = service.get("Port").number();
    return MetaLabels.of("consul")
        .set("address", nodeAddress)
        .set("node", node.get("Node").text())
        .set("namespace", service.get("Namespace").text())
        .set("partition", service.get("Partition").text())
        .setList("tags", separator, tags)
        .set("service_address", serviceAddress)
        .set("service_port", String.valueOf(port))
        .set("service_id", service.get("ID").text())
        .set("health", health(entry.get("Checks")))
        .setAll("metadata_", node.get("Meta").texts())
        .setAll("service_metadata_", service.get("Meta").texts())
        .setAll("tagged_address_", node.get("TaggedAddresses").texts())
        // The service may be registered at another node than the one it runs on.
        .at(serviceAddress.isEmpty() ? nodeAddress : serviceAddress, port);
  }

  /** Returns the worst status of all checks; a maintenance is worse than any. */
  static String health(Json checks) {
    boolean warning = false;
    boolean critical = false;
    boolean maintenance = false;
    for (Json check : checks.items()) {
      String id = check.get("CheckID").text();
      if (id.equals("_node_maintenance") || id.startsWith("_service_maintenance:")) {
        maintenance = true;
        continue;
      }
      switch (check.get("Status").text()) {
        case "passing" -> {
          // The best.
        }
        case "warning" -> warning = true;
        case "critical" -> critical = true;
        default -> {
          return "";
        }
      }
    }
    return maintenance ? "maintenance" : critical ? "critical" : warning ? "warning" : "passing";
  }
}
