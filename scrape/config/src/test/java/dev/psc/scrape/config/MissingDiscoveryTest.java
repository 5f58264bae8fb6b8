package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MissingDiscoveryTest {

  /** The mechanisms of Prometheus 3.16 that have no provider here. */
  private static final Set<String> NOT_HERE =
      Set.of(
          "aws",
          "digitalocean",
          "ecs",
          "elasticache",
          "hetzner",
          "ionos",
          "kuma",
          "lightsail",
          "linode",
          "marathon",
          "msk",
          "nerve",
          "oci",
          "openstack",
          "outscale",
          "ovhcloud",
          "puppetdb",
          "rds",
          "scaleway",
          "serverset",
          "stackit",
          "triton",
          "uyuni",
          "vultr");

  @Test
  void namesEachMechanismOfPrometheusThatIsNotSupported() {
    for (String mechanism : NOT_HERE) {
      String key = mechanism + "_sd_configs";
      assertThat(MissingDiscovery.message(key, Set.of("dns_sd_configs")))
          .startsWith(key + " is not supported")
          .contains("http_sd_configs");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"azure", "consul", "docker", "dockerswarm", "ec2", "eureka", "gce", "nomad"})
  void namesTheArtifactThatIsMissing(String mechanism) {
    assertThat(MissingDiscovery.message(mechanism + "_sd_configs", Set.of()))
        .isEqualTo(mechanism + "_sd_configs needs psc-scrape-cloud on the class path");
  }

  @Test
  void listsTheKnownOnesForAnyOther() {
    assertThat(MissingDiscovery.message("fleet_sd_configs", Set.of("b_sd_configs", "a_sd_configs")))
        .contains("\"fleet_sd_configs\"", "static_configs, a_sd_configs, b_sd_configs;");
  }

  @Test
  void thePageNamesTheSameMechanisms() throws IOException {
    String page = Files.readString(Path.of("DISCOVERY.md"));
    String paragraph = page.substring(page.indexOf("Not supported:"));
    paragraph = paragraph.substring(0, paragraph.indexOf("\n\n"));
    Set<String> named = new TreeSet<>();
    Matcher names = Pattern.compile("`([a-z]+)`").matcher(paragraph);
    while (names.find()) {
      named.add(names.group(1));
    }
    assertThat(named).isEqualTo(new TreeSet<>(NOT_HERE));
  }
}
