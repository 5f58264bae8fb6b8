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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A lister of the running containers of a daemon: a target for each TCP port in each network, or
 * one with the default port.
 */
final class DockerLister implements TargetLister {

  private static final String CONTAINER = "container:";

  private final DockerSettings settings;
  private final DockerHost.Api api;

  DockerLister(DockerSettings settings, DockerHost.Api api) {
    this.settings = settings;
    this.api = api;
  }

  @Override
  public Collection<TargetGroup> list() throws DiscoveryException, InterruptedException {
    List<Json> listed = api.get("/containers/json" + DockerHost.query(settings.filters())).items();
    Map<String, Json> containers = new HashMap<>();
    listed.forEach(container -> containers.put(container.get("Id").text(), container));
    Networks networks = new Networks("docker", api.get("/networks"));
    List<LabelSet> targets = new ArrayList<>();
    for (Json container : listed) {
      List<Json> names = container.get("Names").items();
      if (!names.isEmpty()) {
        add(container, names.get(0).text(), containers, networks, targets);
      }
    }
    return List.of(new TargetGroup("Docker", targets, LabelSet.empty()));
  }

  private void add(
      Json container,
      String name,
      Map<String, Json> containers,
      Networks networks,
      List<LabelSet> targets) {
    String mode = networkMode(container);
    MetaLabels common =
        MetaLabels.of("docker")
            .set("container_id", container.get("Id").text())
            .set("container_name", name)
            .set("container_network_mode", mode)
            .set("container_image", container.get("Image").text())
            .set("container_image_id", container.get("ImageID").text())
            .setAll("container_label_", container.get("Labels").texts());
    for (Json network : networksOf(container, containers)) {
      String ip = network.get("IPAddress").text();
      if (ip.isEmpty()) {
        ip = network.get("GlobalIPv6Address").text();
      }
      MetaLabels labels =
          common
              .copy()
              .set("network_ip", ip)
              .setAll(networks.labels(network.get("NetworkID").text()));
      boolean added = false;
      for (Json port : container.get("Ports").items()) {
        if (port.get("Type").text().equals("tcp")) {
          targets.add(target(labels.copy(), ip, port));
          added = true;
        }
      }
      if (!added) {
        // Containers in the network of the host have no ports.
        targets.add(
            mode.equals("host")
                ? labels.at(settings.hostNetworkingHost())
                : labels.at(ip, settings.port()));
      }
    }
  }

  private static LabelSet target(MetaLabels labels, String ip, Json port) {
    long number = port.get("PrivatePort").number();
    labels.set("port_private", String.valueOf(number));
    long publicPort = port.get("PublicPort").number();
    if (publicPort > 0) {
      labels.set("port_public", String.valueOf(publicPort));
      labels.set("port_public_ip", port.get("IP").text());
    }
    return labels.at(ip, number);
  }

  private static String networkMode(Json container) {
    return container.get("HostConfig").get("NetworkMode").text();
  }

  private List<Json> networksOf(Json container, Map<String, Json> containers) {
    Map<String, Json> networks = networks(container);
    // A container in the network of another has no networks.
    Set<String> seen = new HashSet<>();
    Json current = container;
    while (networks.isEmpty() && networkMode(current).startsWith(CONTAINER)) {
      String id = networkMode(current).substring(CONTAINER.length());
      Json other = containers.get(id);
      if (other == null || !seen.add(id)) {
        break;
      }
      networks = networks(other);
      current = other;
    }
    List<Json> usable = networks.values().stream().filter(Json::isPresent).toList();
    return settings.matchFirstNetwork() && usable.size() > 1 ? usable.subList(0, 1) : usable;
  }

  /** Returns networks in the order of their names. */
  private static Map<String, Json> networks(Json container) {
    return new TreeMap<>(container.get("NetworkSettings").get("Networks").fields());
  }
}
