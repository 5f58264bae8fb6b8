package dev.psc.scrape.config.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scrape.config.ScrapeConfigFile;
import dev.psc.scrape.config.internal.YamlNodes;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import dev.psc.scrape.settings.Fields;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiscoveryProvidersTest {

  private final ConfigProblems problems = new ConfigProblems();

  private Optional<DiscoveryConfig> read(String key, String yaml) {
    DiscoveryProvider provider =
        ServiceLoader.load(DiscoveryProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(candidate -> candidate.key().equals(key))
            .findFirst()
            .orElseThrow();
    return YamlNodes.read(yaml, "test.yaml", Path.of("/etc/psc"), problems).flatMap(provider::read);
  }

  @Test
  void filesAreRelativeToTheConfiguration() {
    assertThat(read("file_sd_configs", "{files: [t/*.json, /x/y.yml], refresh_interval: 1m}"))
        .contains(
            new FileDiscovery(
                List.of(Path.of("/etc/psc/t/*.json"), Path.of("/x/y.yml")), Duration.ofMinutes(1)));
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void httpHasItsDefaults() {
    assertThat(read("http_sd_configs", "url: http://h/x"))
        .contains(HttpDiscovery.of(URI.create("http://h/x")));
    assertThat(problems.list()).isEmpty();
  }

  @Test
  void dnsHasItsDefaults() {
    assertThat(read("dns_sd_configs", "names: [_a._tcp.b]"))
        .contains(DnsDiscovery.ofSrv("_a._tcp.b"));
    assertThat(read("dns_sd_configs", "{names: [b], type: aaaa, port: 80, refresh_interval: 5s}"))
        .contains(new DnsDiscovery(List.of("b"), DnsRecordType.AAAA, 80, Duration.ofSeconds(5)));
    assertThat(problems.list()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "file_sd_configs | files: [a.txt] | files[0]: \"/etc/psc/a.txt\" must end in",
        "file_sd_configs | files: ['a*/b.json'] | last part only",
        "file_sd_configs | {} | files is required",
        "file_sd_configs | {file: [a.json]} | did you mean \"files\"",
        "file_sd_configs | {files: [a.json], refresh_interval: 0} | refresh_interval must be more",
        "http_sd_configs | {url: 'ftp://h'} | url: expected an http:// or https:// URL",
        "http_sd_configs | {} | url is required",
        "http_sd_configs | {url: 'http://h', basic_auth: {user: x}} | basic_auth.user: unknown key",
        "http_sd_configs | {url: 'http://h', refresh_interval: 0} | refresh_interval must be more",
        "dns_sd_configs | {names: [a], type: A} | port is required with type A",
        "dns_sd_configs | {names: [a], type: TXT} | unknown value \"TXT\"; use one of a, aaaa",
        "dns_sd_configs | {type: SRV} | names is required",
        "dns_sd_configs | {names: [a], port: 99999} | between 1 and 65535",
      })
  void complainsAtTheRightPlace(String key, String yaml, String message) {
    read(key, yaml);
    assertThat(problems.list())
        .extracting(ConfigProblem::toString)
        .anyMatch(text -> text.contains(message));
  }

  /** A mechanism from another project's jar. */
  public static final class FleetProvider implements DiscoveryProvider {

    /** For the service loader. */
    public FleetProvider() {}

    @Override
    public String key() {
      return "fleet_sd_configs";
    }

    @Override
    public Optional<DiscoveryConfig> read(ConfigNode node) {
      try (Fields fields = node.fields()) {
        return Optional.of(StaticDiscovery.of(fields.requiredText("first") + ":6060"));
      }
    }
  }

  @Test
  void othersAreFoundByTheServiceLoaderAndReadAsStrictly(@TempDir Path dir) throws Exception {
    Path services =
        Files.createDirectories(dir.resolve("META-INF/services"))
            .resolve(DiscoveryProvider.class.getName());
    Files.writeString(services, FleetProvider.class.getName());
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader extended = new URLClassLoader(new URL[] {dir.toUri().toURL()}, before)) {
      thread.setContextClassLoader(extended);
      String yaml = "scrape_configs: [{job_name: a, fleet_sd_configs: [{first: h}]}]";
      assertThat(ScrapeConfigFile.parse(yaml, "x", dir).get(0).discoveries())
          .containsExactly(StaticDiscovery.of("h:6060"));
      assertThatThrownBy(() -> ScrapeConfigFile.parse(yaml.replace("first", "frist"), "x", dir))
          .hasMessageContaining("scrape_configs[0].fleet_sd_configs[0].frist")
          .hasMessageContaining("did you mean \"first\"?");
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
