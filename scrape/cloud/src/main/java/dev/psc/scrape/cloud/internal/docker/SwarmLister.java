package dev.psc.scrape.cloud.internal.docker;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.discovery.TargetLister;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A lister of the tasks, services or nodes of a swarm. */
final class SwarmLister implements TargetLister {

  private static final String SWARM = "dockerswarm";

  private final SwarmSettings settings;
  private final DockerHost.Api api;

  SwarmLister(SwarmSettings settings, DockerHost.Api api) {
    this.settings = settings;
    this.api = api;
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    String query = DockerHost.query(settings.filters());
    List<LabelSet> targets = new ArrayList<>();
    switch (settings.role()) {
      case NODES -> nodes(api.get("/nodes" + query), targets);
      case SERVICES -> services(api.get("/services" + query), targets);
      case TASKS -> tasks(api.get("/tasks" + query), targets);
    }
    return List.of(new TargetGroup("DockerSwarm", targets, LabelSet.empty()));
  }

  private void nodes(Json nodes, List<LabelSet> targets) {
    for (Json node : nodes.items()) {
      MetaLabels labels = node(node);
      labels.set(
          "node_engine_version", node.get("Description").get("Engine").get("EngineVersion").text());
      Json manager = node.get("ManagerStatus");
      if (manager.isPresent()) {
        labels
            .set("node_manager_leader", String.valueOf(manager.get("Leader").flag()))
            .set("node_manager_reachability", manager.get("Reachability").text())
            .set("node_manager_address", manager.get("Addr").text());
      }
      targets.add(labels.at(node.get("Status").get("Addr").text(), settings.port()));
    }
  }

  /** Returns the labels of a node that its tasks have as well. */
  private static MetaLabels node(Json node) {
    Json spec = node.get("Spec");
    Json description = node.get("Description");
    return MetaLabels.of(SWARM)
        .set("node_id", node.get("ID").text())
        .set("node_role", spec.get("Role").text())
        .set("node_availability", spec.get("Availability").text())
        .set("node_hostname", description.get("Hostname").text())
        .set("node_platform_architecture", description.get("Platform").get("Architecture").text())
        .set("node_platform_os", description.get("Platform").get("OS").text())
        .set("node_status", node.get("Status").get("State").text())
        .set("node_address", node.get("Status").get("Addr").text())
        .setAll("node_label_", spec.get("Labels").texts());
  }

  /** Returns the labels of a service that its tasks have as well. */
  private static MetaLabels service(Json service) {
    Json spec = service.get("Spec");
    Json mode = spec.get("Mode");
    String modeName =
        mode.get("Global").isPresent()
            ? "global"
            : mode.get("Replicated").isPresent() ? "replicated" : "";
    return MetaLabels.of(SWARM)
        .set("service_id", service.get("ID").text())
        .set("service_name", spec.get("Name").text())
        .set("service_mode", modeName)
        .setAll("service_label_", spec.get("Labels").texts());
  }

  private void services(Json services, List<LabelSet> targets)
      throws DiscoveryException, InterruptedException {
    Networks networks = new Networks(SWARM, api.get("/networks"));
    for (Json service : services.items()) {
      Json container = service.get("Spec").get("TaskTemplate").get("ContainerSpec");
      MetaLabels common =
          service(service)
              .set("service_task_container_hostname", container.get("Hostname").text())
              .set("service_task_container_image", container.get("Image").text())
              .set("service_updating_status", service.get("UpdateStatus").get("State").text());
      Json endpoint = service.get("Endpoint");
      for (Json virtual : endpoint.get("VirtualIPs").items()) {
        String ip = withoutPrefix(virtual.get("Addr").text());
        if (ip.isEmpty()) {
          continue;
        }
        LabelSet network = networks.labels(virtual.get("NetworkID").text());
        boolean added = false;
        for (Json port : endpoint.get("Ports").items()) {
          if (port.get("Protocol").text().equals("tcp")) {
            targets.add(
                common
                    .copy()
                    .set("service_endpoint_port_name", port.get("Name").text())
                    .set("service_endpoint_port_publish_mode", port.get("PublishMode").text())
                    .setAll(network)
                    .at(ip, port.get("PublishedPort").number()));
            added = true;
          }
        }
        if (!added) {
          targets.add(common.copy().setAll(network).at(ip, settings.port()));
        }
      }
    }
  }

  private void tasks(Json tasks, List<LabelSet> targets)
      throws DiscoveryException, InterruptedException {
    Map<String, LabelSet> services = new HashMap<>();
    Map<String, List<Json>> ports = new HashMap<>();
    for (Json service : api.get("/services").items()) {
      String id = service.get("ID").text();
      services.put(id, service(service).build());
      ports.put(id, service.get("Endpoint").get("Ports").items());
    }
    Map<String, LabelSet> nodes = new HashMap<>();
    for (Json node : api.get("/nodes").items()) {
      nodes.put(node.get("ID").text(), node(node).build());
    }
    Networks networks = new Networks(SWARM, api.get("/networks"));
    for (Json task : tasks.items()) {
      String service = task.get("ServiceID").text();
      LabelSet node = nodes.getOrDefault(task.get("NodeID").text(), LabelSet.empty());
      MetaLabels common =
          task(task).setAll(services.getOrDefault(service, LabelSet.empty())).setAll(node);
      published(task, common, node.valueOf("__meta_dockerswarm_node_address"), targets);
      for (Json attachment : task.get("NetworksAttachments").items()) {
        MetaLabels labels =
            common.copy().setAll(networks.labels(attachment.get("Network").get("ID").text()));
        for (Json address : attachment.get("Addresses").items()) {
          attached(
              withoutPrefix(address.text()),
              labels,
              ports.getOrDefault(service, List.of()),
              targets);
        }
      }
    }
  }

  private static MetaLabels task(Json task) {
    Json status = task.get("Status");
    return MetaLabels.of(SWARM)
        .set("task_id", task.get("ID").text())
        .set("task_desired_state", task.get("DesiredState").text())
        .set("task_state", status.get("State").text())
        .set("task_slot", String.valueOf(task.get("Slot").number()))
        .set("task_container_id", status.get("ContainerStatus").get("ContainerID").text())
        .setAll("container_label_", task.get("Spec").get("ContainerSpec").get("Labels").texts());
  }

  /** Adds a target for each port that a task has on its node. */
  private static void published(
      Json task, MetaLabels common, String nodeAddress, List<LabelSet> targets) {
    for (Json port : task.get("Status").get("PortStatus").get("Ports").items()) {
      if (port.get("Protocol").text().equals("tcp")) {
        targets.add(
            common
                .copy()
                .set("task_port_publish_mode", port.get("PublishMode").text())
                .at(nodeAddress, port.get("PublishedPort").number()));
      }
    }
  }

  /** Adds a target for each port of the service at an address of a task, or the default port. */
  private void attached(String ip, MetaLabels labels, List<Json> ports, List<LabelSet> targets) {
    if (ip.isEmpty()) {
      return;
    }
    boolean added = false;
    for (Json port : ports) {
      if (port.get("Protocol").text().equals("tcp")) {
        targets.add(
            labels
                .copy()
                .set("task_port_publish_mode", port.get("PublishMode").text())
                .at(ip, port.get("PublishedPort").number()));
        added = true;
      }
    }
    if (!added) {
      targets.add(labels.copy().at(ip, settings.port()));
    }
  }

  /** Returns the address of e.g. {@code 10.0.0.3/24}. */
  private static String withoutPrefix(String address) {
    int slash = address.indexOf('/');
    return slash < 0 ? address : address.substring(0, slash);
  }
}
