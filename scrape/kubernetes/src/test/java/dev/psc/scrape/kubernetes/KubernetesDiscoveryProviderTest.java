package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigNode.Kind;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import dev.psc.scrape.settings.Fields;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KubernetesDiscoveryProviderTest {

  private final ConfigProblems problems = new ConfigProblems();
  private final ConfigNode.Document document =
      new ConfigNode.Document("test", Path.of("/etc/psc"), problems);

  private ConfigNode node(JsonElement json, String path) {
    if (json.isJsonObject()) {
      Map<String, ConfigNode> children = new LinkedHashMap<>();
      json.getAsJsonObject()
          .entrySet()
          .forEach(
              entry ->
                  children.put(
                      entry.getKey(),
                      node(entry.getValue(), ConfigNode.childPath(path, entry.getKey()))));
      return ConfigNode.mapping(document, 1, 1, path, children);
    }
    if (json.isJsonArray()) {
      List<ConfigNode> items = new ArrayList<>();
      json.getAsJsonArray().forEach(item -> items.add(node(item, path + "[" + items.size() + "]")));
      return ConfigNode.list(document, 1, 1, path, items);
    }
    Kind kind =
        json.isJsonNull()
            ? Kind.NULL
            : json.getAsJsonPrimitive().isBoolean() ? Kind.BOOLEAN : Kind.TEXT;
    return ConfigNode.scalar(
        document, 1, 1, path, kind, json.isJsonNull() ? "" : json.getAsString());
  }

  private Optional<DiscoveryConfig> read(String json) {
    return new KubernetesDiscoveryProvider().read(node(JsonParser.parseString(json), ""));
  }

  @Test
  void isFoundByTheServiceLoader() {
    assertThat(ServiceLoader.load(DiscoveryProvider.class))
        .anyMatch(provider -> provider.key().equals("kubernetes_sd_configs"));
  }

  @Test
  void readsAllSettings() {
    Optional<DiscoveryConfig> settings =
        read(
            """
            {"role": "endpointslice", "api_server": "https://k:6443",
             "namespaces": {"names": ["a", "b"]}, "authorization": {"credentials_file": "token"},
             "selectors": [{"role": "pod", "label": "a=b", "field": "spec.nodeName=n"}],
             "attach_metadata": {"node": true, "namespace": true}, "include_finished_pods": true}
            """);
    assertThat(problems.list()).isEmpty();
    assertThat(settings).isPresent();
    KubernetesDiscovery read = (KubernetesDiscovery) settings.get();
    assertThat(read.role()).isEqualTo(KubernetesRole.ENDPOINTSLICE);
    assertThat(read.apiServer()).contains(URI.create("https://k:6443"));
    assertThat(read.namespaces()).containsExactly("a", "b");
    assertThat(read.selectors())
        .containsExactly(new KubernetesSelector(KubernetesRole.POD, "a=b", "spec.nodeName=n"));
    assertThat(read.attachNode()).isTrue();
    assertThat(read.attachNamespace()).isTrue();
    assertThat(read.includeFinishedPods()).isTrue();
    assertThat(read.http().credentials().toString()).contains("/etc/psc/token");
    assertThat(read)
        .isEqualTo(
            read("""
            {"role": "endpointslice", "api_server": "https://k:6443",
             "namespaces": {"names": ["a", "b"]}, "authorization": {"credentials_file": "token"},
             "selectors": [{"role": "pod", "label": "a=b", "field": "spec.nodeName=n"}],
             "attach_metadata": {"node": true, "namespace": true}, "include_finished_pods": true}
            """)
                .orElseThrow());
  }

  @Test
  void resolvesTheKubeconfigFromTheDirectoryOfTheConfiguration() {
    KubernetesDiscovery read =
        (KubernetesDiscovery)
            read("{\"role\": \"pod\", \"kubeconfig_file\": \"kube\"}").orElseThrow();
    assertThat(read.kubeconfigFile()).contains(Path.of("/etc/psc/kube"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | role is required",
        "{\"role\": \"pods\"} | unknown value \"pods\"; use one of pod,",
        "{\"role\": \"pod\", \"namespace\": {}} | did you mean \"namespaces\"",
        "{\"role\": \"pod\", \"namespaces\": {\"name\": []}} | did you mean \"names\"",
        "{\"role\": \"pod\", \"selectors\": [{\"label\": \"a=b\"}]} | role is required",
        "{\"role\": \"pod\", \"selectors\": [{\"role\": \"service\"}]} | does not support a selector",
        "{\"role\": \"pod\", \"api_server\": \"k:1\"} | http or https URL",
        "{\"role\": \"pod\", \"api_server\": \"http://[\"} | URL",
        "{\"role\": \"pod\", \"bearer_token\": \"hush\"} | require api_server",
        "{\"role\": \"pod\", \"attach_metadata\": {\"deploy\": true}} | known keys",
      })
  void complainsAboutWhatCannotBeUsed(String json, String message) {
    read(json);
    assertThat(problems.list())
        .extracting(ConfigProblem::message)
        .anyMatch(text -> text.contains(message))
        .noneMatch(text -> text.contains("hush"));
  }

  /** The page's table of settings has every key there is, and no other. */
  @Test
  void thePageListsEveryKey() throws IOException {
    String page = Files.readString(Path.of("README.md"));
    int start = page.indexOf("## Configuration");
    Set<String> documented = new TreeSet<>();
    Matcher rows =
        Pattern.compile("(?m)^\\| `([a-z_]+)")
            .matcher(page.substring(start, page.indexOf("\n## ", start)));
    while (rows.find()) {
      documented.add(rows.group(1));
    }
    String unknown = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    read("{\"role\": \"pod\", \"" + unknown + "\": 1}");
    Set<String> known = keys(problems.list().get(0).message());
    // The HTTP keys are those of every other place, and are described with the YAML.
    ConfigProblems http = new ConfigProblems();
    ConfigNode.Document other = new ConfigNode.Document("http", Path.of("/"), http);
    Map<String, ConfigNode> one =
        Map.of(unknown, ConfigNode.scalar(other, 1, 1, unknown, Kind.TEXT, "1"));
    try (Fields fields = ConfigNode.mapping(other, 1, 1, "", one).fields()) {
      assertThat(HttpSettingsFields.read(fields)).isEqualTo(HttpSettings.DEFAULT);
    }
    known.removeAll(keys(http.list().get(0).message()));
    assertThat(documented).isEqualTo(known);
  }

  private static Set<String> keys(String message) {
    return new TreeSet<>(List.of(message.split("known keys: ", -1)[1].split(", ", -1)));
  }
}
