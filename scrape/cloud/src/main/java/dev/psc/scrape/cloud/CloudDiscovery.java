package dev.psc.scrape.cloud;

import dev.psc.scrape.cloud.internal.aws.Ec2Provider;
import dev.psc.scrape.cloud.internal.azure.AzureProvider;
import dev.psc.scrape.cloud.internal.consul.ConsulProvider;
import dev.psc.scrape.cloud.internal.docker.DockerProvider;
import dev.psc.scrape.cloud.internal.docker.SwarmProvider;
import dev.psc.scrape.cloud.internal.eureka.EurekaProvider;
import dev.psc.scrape.cloud.internal.gce.GceProvider;
import dev.psc.scrape.cloud.internal.nomad.NomadProvider;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigNode.Kind;
import dev.psc.scrape.settings.ConfigProblems;
import dev.psc.scrape.settings.Secret;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A discovery of targets in Consul, Nomad, Eureka, Docker, Docker Swarm, EC2, GCE and Azure, for
 * jobs built in code. The settings are those of the configuration:
 *
 * <pre>{@code
 * CloudDiscovery.of(
 *     "consul_sd_configs",
 *     Map.of("server", "consul:8500", "services", List.of("web"), "token", Secret.of(token)))
 * }</pre>
 */
public final class CloudDiscovery {

  private static final Map<String, DiscoveryProvider> PROVIDERS = providers();

  private CloudDiscovery() {}

  private static Map<String, DiscoveryProvider> providers() {
    Map<String, DiscoveryProvider> providers = new LinkedHashMap<>();
    for (DiscoveryProvider provider :
        List.of(
            new ConsulProvider(),
            new NomadProvider(),
            new EurekaProvider(),
            new DockerProvider(),
            new SwarmProvider(),
            new Ec2Provider(),
            new GceProvider(),
            new AzureProvider())) {
      providers.put(provider.key(), provider);
    }
    return providers;
  }

  /**
   * Returns the discovery with these settings.
   *
   * @param key names the mechanism: {@code consul_sd_configs}, {@code nomad_sd_configs}, {@code
   *     eureka_sd_configs}, {@code docker_sd_configs}, {@code dockerswarm_sd_configs}, {@code
   *     ec2_sd_configs}, {@code gce_sd_configs} or {@code azure_sd_configs}
   * @param settings texts, numbers, booleans, {@link Secret}s, and lists and maps of these, by the
   *     keys of the configuration; durations are texts such as {@code "30s"}, and relative paths
   *     are relative to the working directory
   * @throws IllegalArgumentException if there is no such mechanism, or a value of another type
   * @throws dev.psc.scrape.settings.ConfigException with every problem of the settings
   */
  public static DiscoveryConfig of(String key, Map<String, ?> settings) {
    DiscoveryProvider provider = PROVIDERS.get(Objects.requireNonNull(key, "key"));
    if (provider == null) {
      throw new IllegalArgumentException(
          "key must be one of " + new TreeSet<>(PROVIDERS.keySet()) + ", but was " + key);
    }
    ConfigProblems problems = new ConfigProblems();
    ConfigNode.Document document =
        new ConfigNode.Document(key, Path.of("").toAbsolutePath(), problems);
    Optional<DiscoveryConfig> read = provider.read(node(document, "", settings));
    problems.throwIfAny();
    return read.orElseThrow(() -> new IllegalArgumentException(key + " cannot be used"));
  }

  private static ConfigNode node(
      ConfigNode.Document document, String path, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      Map<String, ConfigNode> children = new LinkedHashMap<>();
      map.forEach(
          (name, child) ->
              children.put(
                  String.valueOf(name),
                  node(document, ConfigNode.childPath(path, String.valueOf(name)), child)));
      return ConfigNode.mapping(document, 0, 0, path, children);
    }
    if (value instanceof List<?> list) {
      List<ConfigNode> items = new ArrayList<>();
      list.forEach(item -> items.add(node(document, path + "[" + items.size() + "]", item)));
      return ConfigNode.list(document, 0, 0, path, items);
    }
    if (value instanceof Secret secret) {
      return ConfigNode.scalar(document, 0, 0, path, Kind.TEXT, secret.reveal());
    }
    if (value instanceof Boolean || value instanceof Number) {
      Kind kind = value instanceof Boolean ? Kind.BOOLEAN : Kind.NUMBER;
      return ConfigNode.scalar(document, 0, 0, path, kind, String.valueOf(value));
    }
    if (value instanceof CharSequence) {
      return ConfigNode.scalar(document, 0, 0, path, Kind.TEXT, String.valueOf(value));
    }
    if (value == null) {
      return ConfigNode.scalar(document, 0, 0, path, Kind.NULL, "");
    }
    // Not shown: it may hold a secret.
    throw new IllegalArgumentException(
        path
            + " must be text, a number, true or false, a Secret, a list or a map, but was a "
            + value.getClass().getName());
  }
}
