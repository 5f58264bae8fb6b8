package dev.psc.scrape.cloud.internal.azure;

import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.MetaLabels;
import java.util.List;
import java.util.Locale;

/**
 * A virtual machine, of a scale set or not.
 *
 * @param json as the API describes it
 * @param scaleSet the name of its scale set; empty without
 */
record AzureMachine(Json json, String scaleSet) {

  String name() {
    return json.get("name").text();
  }

  private String id() {
    return json.get("id").text();
  }

  /** Returns the ids of the network interfaces. */
  List<String> interfaces() {
    return json.get("properties").get("networkProfile").get("networkInterfaces").items().stream()
        .map(each -> each.get("id").text())
        .toList();
  }

  /** Returns the path and API version of a network interface. */
  String interfacePath(String id) {
    if (!scaleSet.isEmpty()) {
      // Machines of a scale set have their interfaces in a separate version of the API.
      String path =
          id.toLowerCase(Locale.ROOT).contains("/virtualmachinescalesets/")
              ? id
              : "/subscriptions/"
                  + part(id, "subscriptions")
                  + "/resourceGroups/"
                  + part(id, "resourceGroups")
                  + "/providers/microsoft.Compute/virtualMachineScaleSets/"
                  + scaleSet
                  + "/virtualMachines/"
                  + json.get("instanceId").text()
                  + "/networkInterfaces/"
                  + id.substring(id.lastIndexOf('/') + 1);
      return path + "?api-version=2018-10-01";
    }
    return id + "?api-version=2023-09-01";
  }

  MetaLabels labels(AzureSettings settings) {
    Json properties = json.get("properties");
    return MetaLabels.of("azure")
        .set("subscription_id", settings.subscription())
        .set("tenant_id", settings.client().tenant())
        .set("machine_id", id())
        .set("machine_name", name())
        .set("machine_computer_name", properties.get("osProfile").get("computerName").text())
        .set("machine_os_type", properties.get("storageProfile").get("osDisk").get("osType").text())
        .set("machine_location", json.get("location").text())
        .set("machine_resource_group", part(id(), "resourceGroups"))
        .set("machine_size", properties.get("hardwareProfile").get("vmSize").text())
        .set("machine_scale_set", scaleSet)
        .setAll("machine_tag_", json.get("tags").texts());
  }

  /** Returns the part of a resource id that follows a name, in any case. */
  static String part(String id, String after) {
    String[] parts = id.split("/", -1);
    for (int i = 0; i + 1 < parts.length; i++) {
      if (parts[i].equalsIgnoreCase(after)) {
        return parts[i + 1];
      }
    }
    throw new MalformedAnswerException("the resource id " + id + " has no " + after);
  }
}
