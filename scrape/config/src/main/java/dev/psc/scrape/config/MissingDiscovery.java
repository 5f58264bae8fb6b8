package dev.psc.scrape.config;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The message for a discovery that no provider reads. */
final class MissingDiscovery {

  /** The artifacts with further mechanisms, by their keys. */
  private static final Map<String, String> ARTIFACTS = artifacts();

  /**
   * The mechanisms of Prometheus 3 that this scraper does not have, {@code aws_sd_configs} apart.
   */
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "digitalocean_sd_configs",
          "ecs_sd_configs",
          "elasticache_sd_configs",
          "hetzner_sd_configs",
          "ionos_sd_configs",
          "kuma_sd_configs",
          "lightsail_sd_configs",
          "linode_sd_configs",
          "marathon_sd_configs",
          "msk_sd_configs",
          "nerve_sd_configs",
          "oci_sd_configs",
          "openstack_sd_configs",
          "outscale_sd_configs",
          "ovhcloud_sd_configs",
          "puppetdb_sd_configs",
          "rds_sd_configs",
          "scaleway_sd_configs",
          "serverset_sd_configs",
          "stackit_sd_configs",
          "triton_sd_configs",
          "uyuni_sd_configs",
          "vultr_sd_configs");

  private static final String OTHERWISE =
      "; write its targets to files for file_sd_configs, or serve them for http_sd_configs";

  private MissingDiscovery() {}

  private static Map<String, String> artifacts() {
    Map<String, String> artifacts = new TreeMap<>();
    artifacts.put("kubernetes_sd_configs", "psc-scrape-kubernetes");
    for (String mechanism :
        new String[] {
          "azure", "consul", "docker", "dockerswarm", "ec2", "eureka", "gce", "nomad"
        }) {
      artifacts.put(mechanism + "_sd_configs", "psc-scrape-cloud");
    }
    return artifacts;
  }

  /**
   * Returns the message.
   *
   * @param key the key of the configuration
   * @param known the keys that there are providers for
   */
  static String message(String key, Collection<String> known) {
    String artifact = ARTIFACTS.get(key);
    if (artifact != null) {
      return key + " needs " + artifact + " on the class path";
    }
    if (key.equals("aws_sd_configs")) {
      return key + " is not supported; use ec2_sd_configs for role ec2" + OTHERWISE;
    }
    if (UNSUPPORTED.contains(key)) {
      return key + " is not supported" + OTHERWISE;
    }
    return "unknown discovery \""
        + key
        + "\"; known: static_configs, "
        + String.join(", ", new TreeSet<>(known))
        + OTHERWISE;
  }
}
