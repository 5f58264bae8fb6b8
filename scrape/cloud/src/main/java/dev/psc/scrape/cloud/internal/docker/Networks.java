package dev.psc.scrape.cloud.internal.docker;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import java.util.HashMap;
import java.util.Map;

/** The labels of each network, by its id. */
final class Networks {

  private final Map<String, LabelSet> labels = new HashMap<>();

  /** Reads the list of networks. */
  Networks(String mechanism, Json list) {
    for (Json network : list.items()) {
      String id = network.get("Id").text();
      labels.put(
          id,
          MetaLabels.of(mechanism)
              .set("network_id", id)
              .set("network_name", network.get("Name").text())
              .set("network_scope", network.get("Scope").text())
              .set("network_internal", String.valueOf(network.get("Internal").flag()))
              .set("network_ingress", String.valueOf(network.get("Ingress").flag()))
              .setAll("network_label_", network.get("Labels").texts())
              .build());
    }
  }

  LabelSet labels(String id) {
    return labels.getOrDefault(id, LabelSet.empty());
  }
}
