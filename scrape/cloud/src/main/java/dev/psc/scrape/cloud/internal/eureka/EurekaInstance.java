package dev.psc.scrape.cloud.internal.eureka;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.cloud.internal.XmlNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An instance of an application.
 *
 * @param application its name
 * @param fields the plain fields by their names
 * @param port of HTTP, if it has one
 * @param securePort of HTTPS, if it has one
 * @param dataCenter the name of the data center, if it has one
 * @param dataCenterMetadata what the data center says of the instance
 * @param metadata what the instance says of itself
 */
record EurekaInstance(
    String application,
    Map<String, String> fields,
    Optional<Port> port,
    Optional<Port> securePort,
    String dataCenter,
    Map<String, String> dataCenterMetadata,
    Map<String, String> metadata) {

  private static final List<String> FIELDS =
      List.of(
          "hostName",
          "homePageUrl",
          "statusPageUrl",
          "healthCheckUrl",
          "ipAddr",
          "vipAddress",
          "secureVipAddress",
          "status",
          "countryId",
          "instanceId");

  /** A port, and whether it is used. */
  record Port(String number, boolean enabled) {}

  static EurekaInstance of(String application, XmlNode instance) {
    Map<String, String> fields = new LinkedHashMap<>();
    FIELDS.forEach(field -> fields.put(field, instance.text(field)));
    XmlNode dataCenter = instance.child("dataCenterInfo");
    return new EurekaInstance(
        application,
        fields,
        instance.find("port").map(EurekaInstance::port),
        instance.find("securePort").map(EurekaInstance::port),
        dataCenter.text("name"),
        texts(dataCenter.child("metadata")),
        texts(instance.child("metadata")));
  }

  private static Port port(XmlNode node) {
    return new Port(node.text(), node.attribute("enabled").equalsIgnoreCase("true"));
  }

  private static Map<String, String> texts(XmlNode node) {
    Map<String, String> texts = new LinkedHashMap<>();
    node.children().forEach(child -> texts.put(child.name(), child.text()));
    return texts;
  }

  static EurekaInstance of(String application, Json instance) {
    Map<String, String> fields = new LinkedHashMap<>();
    FIELDS.forEach(field -> fields.put(field, instance.get(field).text()));
    Json dataCenter = instance.get("dataCenterInfo");
    return new EurekaInstance(
        application,
        fields,
        port(instance.get("port")),
        port(instance.get("securePort")),
        dataCenter.get("name").text(),
        texts(dataCenter.get("metadata")),
        texts(instance.get("metadata")));
  }

  private static Optional<Port> port(Json port) {
    return port.isPresent()
        ? Optional.of(new Port(port.get("$").text(), port.get("@enabled").flag()))
        : Optional.empty();
  }

  private static Map<String, String> texts(Json metadata) {
    Map<String, String> texts = metadata.texts();
    // An attribute of the XML, the Java type of the map.
    texts.remove("@class");
    return texts;
  }

  /** Returns a list; the registry writes a list of one element as that element. */
  static List<Json> items(Json value) {
    return !value.isPresent() || value.isList() ? value.items() : List.of(value);
  }

  LabelSet target() {
    String host = fields.getOrDefault("hostName", "");
    String id = fields.getOrDefault("instanceId", "");
    String country = fields.getOrDefault("countryId", "");
    MetaLabels labels =
        MetaLabels.of("eureka")
            .setPlain("instance", id)
            .set("app_name", application)
            .set("app_instance_hostname", host)
            .set("app_instance_homepage_url", fields.getOrDefault("homePageUrl", ""))
            .set("app_instance_statuspage_url", fields.getOrDefault("statusPageUrl", ""))
            .set("app_instance_healthcheck_url", fields.getOrDefault("healthCheckUrl", ""))
            .set("app_instance_ip_addr", fields.getOrDefault("ipAddr", ""))
            .set("app_instance_vip_address", fields.getOrDefault("vipAddress", ""))
            .set("app_instance_secure_vip_address", fields.getOrDefault("secureVipAddress", ""))
            .set("app_instance_status", fields.getOrDefault("status", ""))
            .set("app_instance_country_id", country.isEmpty() ? "0" : country)
            .set("app_instance_id", id)
            .set("app_instance_datacenterinfo_name", dataCenter)
            .setAll("app_instance_datacenterinfo_metadata_", dataCenterMetadata)
            .setAll("app_instance_metadata_", metadata);
    port.ifPresent(
        at ->
            labels
                .set("app_instance_port", at.number())
                .set("app_instance_port_enabled", String.valueOf(at.enabled())));
    securePort.ifPresent(
        at ->
            labels
                .set("app_instance_secure_port", at.number())
                .set("app_instance_secure_port_enabled", String.valueOf(at.enabled())));
    String number = port.map(Port::number).orElse("80");
    return labels.at((host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + number);
  }
}
