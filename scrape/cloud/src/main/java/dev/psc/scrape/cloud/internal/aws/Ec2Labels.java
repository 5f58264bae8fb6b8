package dev.psc.scrape.cloud.internal.aws;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.cloud.internal.XmlNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The labels of an instance. */
final class Ec2Labels {

  /** More interfaces than any instance has. */
  private static final int MAX_DEVICES = 1_000;

  private Ec2Labels() {}

  /**
   * Returns the target of an instance; nothing for one without a private address.
   *
   * @param zoneIds the ids of the zones by their names
   */
  static Optional<LabelSet> of(
      XmlNode instance, String owner, String region, Map<String, String> zoneIds, int port) {
    List<String> ipv6 = new ArrayList<>();
    List<String> primaryIpv6 = new ArrayList<>();
    Set<String> subnets = new LinkedHashSet<>();
    boolean inVpc = !instance.text("vpcId").isEmpty();
    if (inVpc) {
      for (XmlNode device : instance.child("networkInterfaceSet").children("item")) {
        if (!device.text("subnetId").isEmpty()) {
          subnets.add(device.text("subnetId"));
          addresses(device, ipv6, primaryIpv6);
        }
      }
    }
    String privateIp = instance.text("privateIpAddress");
    String defaultIpv6 =
        java.util.stream.Stream.concat(primaryIpv6.stream(), ipv6.stream())
            .filter(address -> !address.isEmpty())
            .findFirst()
            .orElse("");
    if (privateIp.isEmpty() && defaultIpv6.isEmpty()) {
      return Optional.empty();
    }
    String zone = instance.child("placement").text("availabilityZone");
    MetaLabels labels =
        MetaLabels.of("ec2")
            .set("instance_id", instance.text("instanceId"))
            .set("region", region)
            .set("owner_id", owner)
            .set("default_ipv6_address", defaultIpv6)
            .set("private_ip", privateIp)
            .set("private_dns_name", instance.text("privateDnsName"))
            .set("platform", instance.text("platform"))
            .set("ami", instance.text("imageId"))
            .set("availability_zone", zone)
            .set("availability_zone_id", zoneIds.getOrDefault(zone, ""))
            .set("instance_state", instance.child("instanceState").text("name"))
            .set("instance_type", instance.text("instanceType"))
            .set("instance_lifecycle", instance.text("instanceLifecycle"))
            .set("architecture", instance.text("architecture"));
    String publicIp = instance.text("ipAddress");
    if (!publicIp.isEmpty()) {
      labels.set("public_ip", publicIp).set("public_dns_name", instance.text("dnsName"));
    }
    if (!primaryIpv6.isEmpty()) {
      labels.setList("primary_ipv6_addresses", ",", primaryIpv6);
    }
    if (!ipv6.isEmpty()) {
      labels.setList("ipv6_addresses", ",", ipv6);
    }
    if (inVpc) {
      labels
          .set("vpc_id", instance.text("vpcId"))
          .set("primary_subnet_id", instance.text("subnetId"))
          .setList("subnet_id", ",", List.copyOf(subnets));
    }
    Map<String, String> tags = new HashMap<>();
    instance
        .child("tagSet")
        .children("item")
        .forEach(tag -> tags.put(tag.text("key"), tag.text("value")));
    labels.setAll("tag_", tags);
    return Optional.of(labels.at(privateIp.isEmpty() ? defaultIpv6 : privateIp, port));
  }

  /** Adds addresses; a primary one is at the index of its device, empty texts before it. */
  private static void addresses(XmlNode device, List<String> ipv6, List<String> primaryIpv6) {
    for (XmlNode item : device.child("ipv6AddressesSet").children("item")) {
      String address = item.text("ipv6Address");
      ipv6.add(address);
      if (item.text("isPrimaryIpv6").equalsIgnoreCase("true")) {
        String text = device.child("attachment").text("deviceIndex");
        int index = text.matches("\\d{1,9}") ? Integer.parseInt(text) : 0;
        if (index > MAX_DEVICES) {
          throw new MalformedAnswerException("deviceIndex " + text + " is too large");
        }
        while (primaryIpv6.size() <= index) {
          primaryIpv6.add("");
        }
        primaryIpv6.set(index, address);
      }
    }
  }
}
