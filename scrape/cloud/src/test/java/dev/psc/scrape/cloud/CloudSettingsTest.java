package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblems;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The keys of the configuration, their defaults and the complaints about them. */
class CloudSettingsTest {

  private static final Set<String> KEYS =
      Set.of(
          "azure_sd_configs",
          "consul_sd_configs",
          "docker_sd_configs",
          "dockerswarm_sd_configs",
          "ec2_sd_configs",
          "eureka_sd_configs",
          "gce_sd_configs",
          "nomad_sd_configs");

  private static Object value(JsonElement json) {
    if (json.isJsonObject()) {
      Map<String, Object> map = new LinkedHashMap<>();
      json.getAsJsonObject().entrySet().forEach(e -> map.put(e.getKey(), value(e.getValue())));
      return map;
    }
    if (json.isJsonArray()) {
      List<Object> list = new ArrayList<>();
      json.getAsJsonArray().forEach(item -> list.add(value(item)));
      return list;
    }
    var primitive = json.getAsJsonPrimitive();
    return primitive.isBoolean()
        ? (Object) primitive.getAsBoolean()
        : primitive.isNumber() ? primitive.getAsLong() : primitive.getAsString();
  }

  @SuppressWarnings("unchecked")
  private static DiscoveryConfig read(String key, String json) {
    return CloudDiscovery.of(
        key + "_sd_configs", (Map<String, Object>) value(JsonParser.parseString(json)));
  }

  @Test
  void areFoundByTheServiceLoader() {
    Set<String> found = new TreeSet<>();
    ServiceLoader.load(DiscoveryProvider.class).forEach(provider -> found.add(provider.key()));
    assertThat(found).containsAll(KEYS);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "consul | {} | {server=http://localhost:8500, tag_separator=,, allow_stale=true,"
            + " refresh_interval=30s, follow_redirects=true, enable_http2=true}",
        "nomad | {} | {server=http://localhost:4646, namespace=default, region=global,"
            + " allow_stale=true, tag_separator=,, refresh_interval=1m, follow_redirects=true,"
            + " enable_http2=true}",
        "eureka | {'server': 'http://e'} | {server=http://e, refresh_interval=30s,"
            + " follow_redirects=true, enable_http2=true}",
        "docker | {'host': 'unix:///d.sock'} | {host=unix:///d.sock, port=80,"
            + " host_networking_host=localhost, match_first_network=true, refresh_interval=1m,"
            + " follow_redirects=true, enable_http2=true}",
        "dockerswarm | {'host': 'tcp://d:2375', 'role': 'tasks'} | {host=http://d:2375, role=tasks,"
            + " port=80, refresh_interval=1m, follow_redirects=true, enable_http2=true}",
        "ec2 | {} | {port=80, refresh_interval=1m, follow_redirects=true, enable_http2=true}",
        "gce | {'project': 'p', 'zone': 'z'} | {project=p, zone=z, port=80, tag_separator=,,"
            + " refresh_interval=1m}",
        "azure | {'subscription_id': 's', 'authentication_method': 'ManagedIdentity'} |"
            + " {environment=AzurePublicCloud, authentication_method=ManagedIdentity,"
            + " subscription_id=s, port=80, refresh_interval=5m, follow_redirects=true,"
            + " enable_http2=true}",
      })
  void haveTheDefaultsOfPrometheus(String key, String json, String settings) {
    assertThat(read(key, json.replace('\'', '"')).settings().toString()).isEqualTo(settings);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "consul | {'token': 'hush', 'username': 'u', 'password': 'hush', 'scheme': 'https'}",
        "consul | {'server': 'c:1', 'services': ['a'], 'tags': ['t'], 'node_meta': {'a': 'b'},"
            + " 'filter': 'f', 'health_filter': 'h', 'datacenter': 'd', 'namespace': 'n',"
            + " 'partition': 'p', 'path_prefix': '/x', 'tag_separator': ';', 'allow_stale': false}",
        "nomad | {'authorization': {'credentials': 'hush'}, 'namespace': '*'}",
        "eureka | {'server': 'http://u:hush@e', 'basic_auth': {'username': 'u', 'password':"
            + " 'hush'}}",
        "docker | {'host': 'https://d', 'tls_config': {'key': 'hush', 'cert': 'c'}, 'filters':"
            + " [{'name': 'a', 'values': ['b']}]}",
        "dockerswarm | {'host': 'https://d', 'role': 'nodes', 'bearer_token': 'hush'}",
        "ec2 | {'access_key': 'AKIA', 'secret_key': 'hush', 'region': 'eu-west-1', 'profile': 'p',"
            + " 'role_arn': 'r', 'external_id': 'e', 'endpoint': 'http://h', 'port': 1,"
            + " 'proxy_url': 'http://u:hush@p'}",
        "azure | {'subscription_id': 's', 'tenant_id': 't', 'client_id': 'c', 'client_secret':"
            + " 'hush', 'environment': 'AzureChinaCloud', 'resource_group': 'g'}",
      })
  void areEqualWhenWrittenEquallyAndHideSecrets(String key, String json) {
    DiscoveryConfig config = read(key, json.replace('\'', '"'));
    assertThat(config)
        .isEqualTo(read(key, json.replace('\'', '"')))
        .hasSameHashCodeAs(read(key, json.replace('\'', '"')))
        .isNotEqualTo(
            read(
                key,
                json.replace('\'', '"').replaceFirst("\\{", "{\"refresh_interval\": \"7s\", ")));
    assertThat(config.key()).isEqualTo(key + "_sd_configs");
    assertThat(config.toString() + config.settings()).doesNotContain("hush");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "consul | {'sever': 'c'} | did you mean \"server\"",
        "consul | {'server': ''} | server is required",
        "consul | {'server': 'unix:///c.sock'} | host:port of the agent",
        "consul | {'token': 'hush', 'authorization': {'credentials': 'hush'}} | keep one",
        "consul | {'username': 'u', 'basic_auth': {'username': 'u'}} | keep one",
        "consul | {'refresh_interval': '0s'} | must be more than 0",
        "nomad | {'server': 'n:4646'} | an http:// or https:// URL with a host",
        "eureka | {} | server is required",
        "eureka | {'server': 'e'} | an http:// or https:// URL with a host",
        "docker | {} | host is required",
        "docker | {'host': 'npipe:////./pipe/docker'} | expected unix:///var/run/docker.sock",
        "docker | {'host': 'tcp://d', 'port': 0} | must be between 1 and 65535, but was 0",
        "docker | {'host': 'tcp://d', 'filters': [{'name': 'a'}]} | values is required",
        "dockerswarm | {'host': 'tcp://d'} | role is required: one of tasks, services, nodes",
        "dockerswarm | {'host': 'tcp://d', 'role': 'pods'} | use one of tasks, services, nodes",
        "ec2 | {'access_key': 'AKIA'} | access_key and secret_key must be set together",
        "ec2 | {'secret_key': 'hush'} | access_key and secret_key must be set together",
        "ec2 | {'region': 'evil.example/'} | expected a region such as eu-west-1",
        "gce | {'zone': 'z'} | project is required",
        "gce | {'project': 'p'} | zone is required",
        "gce | {'project': 'p', 'zone': 'z', 'proxy_url': 'http://p'} | unknown key \"proxy_url\"",
        "azure | {} | subscription_id is required",
        "azure | {'subscription_id': 's'} | tenant_id, client_id and client_secret are required",
        "azure | {'subscription_id': 's', 'environment': 'Mars'} | use one of AzurePublicCloud",
        "azure | {'subscription_id': 's', 'authentication_method': 'hush'} | use one of OAuth",
      })
  void complainAboutWhatCannotBeUsed(String key, String json, String message) {
    assertThatThrownBy(() -> read(key, json.replace('\'', '"')))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("hush");
  }

  @Test
  void rejectValuesOfOtherTypesAndUnknownMechanisms() {
    assertThatThrownBy(() -> CloudDiscovery.of("file_sd_configs", Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nomad_sd_configs")
        .hasMessageContaining("but was file_sd_configs");
    assertThatThrownBy(() -> CloudDiscovery.of("ec2_sd_configs", Map.of("secret_key", 'h')))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("secret_key must be text")
        .hasMessageContaining("java.lang.Character");
    assertThat(
            CloudDiscovery.of("consul_sd_configs", Map.of("token", Secret.of("hush"))).settings())
        .containsEntry("token", Secret.of("hush"));
  }

  /** The page of this module has each key of each mechanism. */
  @Test
  void thePageHasEveryKey() throws IOException {
    String page = Files.readString(Path.of("README.md"));
    String unknown = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    ConfigProblems problems = new ConfigProblems();
    ConfigNode.Document document = new ConfigNode.Document("http", Path.of("/"), problems);
    ConfigNode one = ConfigNode.scalar(document, 1, 1, unknown, ConfigNode.Kind.TEXT, "1");
    try (Fields fields = ConfigNode.mapping(document, 1, 1, "", Map.of(unknown, one)).fields()) {
      assertThat(HttpSettingsFields.read(fields)).isEqualTo(HttpSettings.DEFAULT);
    }
    Set<String> http = keys(problems.list().get(0).message());
    for (String key : KEYS) {
      int start = page.indexOf("### `" + key);
      if (start < 0) {
        start = page.indexOf("### `docker_sd_configs`");
      }
      assertThat(start).as(key).isPositive();
      int end = page.indexOf("\n##", start + 3);
      String section = page.substring(start, end);
      Set<String> known = new TreeSet<>();
      assertThatThrownBy(() -> CloudDiscovery.of(key, Map.of(unknown, "1")))
          .isInstanceOf(ConfigException.class)
          .satisfies(
              e ->
                  String.valueOf(e.getMessage())
                      .lines()
                      .filter(line -> line.contains("known keys: "))
                      .forEach(line -> known.addAll(keys(line))));
      known.removeAll(http);
      assertThat(known).as(key).isNotEmpty();
      for (String each : known) {
        assertThat(section).as(key).contains("`" + each + "`");
      }
    }
  }

  private static Set<String> keys(String message) {
    return new TreeSet<>(List.of(message.split("known keys: ", -1)[1].split(", ", -1)));
  }
}
