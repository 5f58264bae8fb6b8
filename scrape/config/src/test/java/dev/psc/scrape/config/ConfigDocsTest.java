package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.target.ScrapeJob;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the page to what the code does: every key, every default, every example. */
class ConfigDocsTest {

  private static final Logger logger = LoggerFactory.getLogger(ConfigDocsTest.class);
  private static final Path DIRECTORY = Path.of("/etc/test");
  private static final Pattern ROW =
      Pattern.compile("^\\| `([a-z0-9_]+)` \\| (?:`(.*?)`)? ?\\|", Pattern.MULTILINE);

  private static String page() throws IOException {
    return Files.readString(Path.of("README.md"));
  }

  /** Returns the keys of a section's table with their defaults. */
  private static Map<String, String> table(String section) throws IOException {
    String page = page();
    int start = page.indexOf("### `" + section + "`");
    assertThat(start).as(section).isPositive();
    int end = page.indexOf("\n#", start + 1);
    Map<String, String> rows = new LinkedHashMap<>();
    Matcher row = ROW.matcher(page.substring(start, end));
    while (row.find()) {
      rows.put(row.group(1), row.group(2) == null ? "" : row.group(2));
    }
    return rows;
  }

  private static final String UNKNOWN = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "scrape_configs[]|%s: 1",
        "profiling_config|profiling_config: {%s: 1}",
        "pprof_config.<name>|profiling_config: {pprof_config: {memory: {%s: 1}}}",
        "relabel_configs[]|relabel_configs: [{target_label: a, %s: 1}]",
        "tls_config|tls_config: {%s: 1}",
        "oauth2|oauth2: {client_id: a, client_secret: b, token_url: 'http://h', %s: 1}",
      })
  void listsEveryKey(String section, String yaml) throws IOException {
    ConfigException thrown =
        catchThrowableOfType(
            ConfigException.class,
            () ->
                ScrapeConfigFile.parse(
                    "scrape_configs:\n- job_name: a\n  " + yaml.formatted(UNKNOWN) + "\n",
                    "x",
                    DIRECTORY,
                    warning -> {}));
    String message = thrown.problems().get(0).message();
    assertThat(message).contains("unknown key").contains("known keys: ");
    List<String> known = List.of(message.split("known keys: ", -1)[1].split(", ", -1));
    assertThat(new TreeSet<>(table(section).keySet())).isEqualTo(new TreeSet<>(known));
  }

  @Test
  void showsTheDefaultsThatAreInForce() throws IOException {
    String yaml =
        ScrapeConfigFile.toYaml(
            ScrapeConfigFile.parse(
                """
                scrape_configs:
                - job_name: a
                  tls_config: {server_name: x}
                  relabel_configs: [{target_label: x}]
                  profiling_config: {pprof_config: {custom: {path: /x}}}
                """,
                "x",
                DIRECTORY,
                warning -> {}));
    Map<String, String> expected = new LinkedHashMap<>(table("scrape_configs[]"));
    expected.putAll(table("tls_config"));
    expected.values().removeIf(String::isEmpty);
    assertThat(expected).hasSizeGreaterThan(8);
    expected.remove("proxy_from_environment");
    expected.forEach(
        (key, value) ->
            assertThat(yaml)
                .as(key)
                .containsPattern("(?m)^ +" + key + ": '?" + Pattern.quote(value)));
    String custom = yaml.substring(yaml.indexOf("custom:"));
    table("pprof_config.<name>")
        .forEach(
            (key, value) -> {
              if (!value.isEmpty()) {
                assertThat(custom).as(key).containsPattern(key + ": " + value);
              }
            });
    Map<String, String> rule = table("relabel_configs[]");
    assertThat(
            ScrapeConfigFile.parse(
                    "scrape_configs: [{job_name: a, relabel_configs: [{target_label: x, action: '"
                        + rule.get("action")
                        + "', separator: '"
                        + rule.get("separator")
                        + "', regex: '"
                        + rule.get("regex")
                        + "', replacement: '"
                        + rule.get("replacement")
                        + "'}]}]",
                    "x",
                    DIRECTORY,
                    warning -> {})
                .get(0)
                .relabeling())
        .isEqualTo(
            ScrapeConfigFile.parse(
                    "scrape_configs: [{job_name: a, relabel_configs: [{target_label: x}]}]",
                    "x",
                    DIRECTORY,
                    warning -> {})
                .get(0)
                .relabeling());
  }

  @Test
  void everyExampleIsRead() throws IOException {
    int read = 0;
    for (String file : List.of("README.md", "DISCOVERY.md")) {
      Matcher blocks =
          Pattern.compile("```yaml\\n(.*?)```", Pattern.DOTALL)
              .matcher(Files.readString(Path.of(file)));
      while (blocks.find()) {
        String block = blocks.group(1);
        String yaml =
            block.startsWith("scrape_configs")
                ? block
                : "scrape_configs:\n- job_name: a\n" + block.indent(2);
        assertThat(ScrapeConfigFile.parse(yaml, "x", DIRECTORY)).hasSize(1);
        read++;
      }
    }
    assertThat(read).isGreaterThanOrEqualTo(4);
  }

  /** What is printed reads as the same jobs, as far as nothing in it is secret. */
  @Test
  void whatIsPrintedReadsTheSame() {
    String full =
        """
        scrape_configs:
        - job_name: a
          scrape_interval: 1m30s
          scrape_timeout: 2m
          scheme: https
          params: {debug: ['0'], x: [a, b]}
          normalized_addresses: true
          split_by: [route, tenant]
          split_max_series: 50
          body_size_limit: 1MB
          inflated_size_limit: 1000
          target_limit: 7
          external_labels: {env: prod}
          kubernetes_preset: annotations
          profiling_config:
            path_prefix: /p
            preset: rust
            pprof_config:
              memory: {interval: 1m, keep_sample_type: [{type: a, unit: b}]}
              fgprof: {enabled: true, path: /debug/fgprof, delta: true, seconds: 7}
              mutex: {enabled: true, compute_delta: true}
          relabel_configs:
          - {source_labels: [a, b], separator: '-', regex: 'x(.)', target_label: c, replacement: '${1}y'}
          - {action: hashmod, source_labels: [a], modulus: 7, target_label: d}
          - {action: labeldrop, regex: 'x.*'}
          static_configs:
          - {targets: ['h:1', 'h:2'], labels: {zone: a}}
          - {targets: ['h:3'], labels: {zone: b}}
          file_sd_configs: [{files: [targets/*.json]}]
          http_sd_configs: [{url: 'http://inventory/targets', refresh_interval: 2m}]
          dns_sd_configs: [{names: [x.y], type: AAAA, port: 6060}]
          basic_auth: {username: u, password_file: p}
          tls_config: {ca_file: ca.pem, server_name: n, insecure_skip_verify: true, min_version: TLS12}
          proxy_url: http://proxy:3128
          no_proxy: a,b
          follow_redirects: false
          enable_http2: false
          http_headers: {X-Team: {files: [team]}}
        - job_name: b
          oauth2: {client_id: i, client_secret_file: s, token_url: 'https://t', scopes: [a], endpoint_params: {x: y}}
          proxy_from_environment: true
        """;
    List<ScrapeJob> jobs = ScrapeConfigFile.parse(full, "x", DIRECTORY, warning -> {});
    String printed = ScrapeConfigFile.toYaml(jobs);
    List<ScrapeJob> again = ScrapeConfigFile.parse(printed, "x", DIRECTORY, warning -> {});
    assertThat(ScrapeConfigFile.toYaml(again)).isEqualTo(printed);
    assertThat(again.get(0).relabeling()).isEqualTo(jobs.get(0).relabeling());
    assertThat(again.get(0).profiles()).hasToString(jobs.get(0).profiles().toString());
    assertThat(again.get(0).http()).isEqualTo(jobs.get(0).http());
    assertThat(again.get(1).http()).isEqualTo(jobs.get(1).http());
    assertThat(again.get(0).externalLabels()).isEqualTo(jobs.get(0).externalLabels());
    assertThat(again.get(0).discoveries()).hasSameSizeAs(jobs.get(0).discoveries());
  }

  /** Two readings of one file are equal, so that a reload of it changes nothing. */
  @Test
  void oneFileReadTwiceGivesEqualJobs(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("scraper.yaml");
    Files.writeString(
        file,
        """
        scrape_configs:
        - job_name: a
          static_configs: [{targets: ['h:1']}]
          file_sd_configs: [{files: [targets/*.json]}]
          http_sd_configs: [{url: 'http://inventory/targets', bearer_token: x}]
          dns_sd_configs: [{names: [x.y]}]
          bearer_token: y
          tls_config: {ca_file: ca.pem}
          relabel_configs: [{target_label: x}]
        """);
    assertThat(ScrapeConfigFile.read(file, warning -> {}))
        .isEqualTo(ScrapeConfigFile.read(file, warning -> {}));
  }

  @Test
  void theSnippetWorks(@TempDir Path dir) throws IOException {
    Path file = dir.resolve("scraper.yaml");
    Files.writeString(file, "scrape_configs: [{job_name: a}]");
    ProfileReceiver receiver = profile -> new Acceptance.Accepted();
    List<ScrapeJob> jobs = ScrapeConfigFile.read(file, warning -> logger.warn("{}", warning));
    try (Scraper scraper = Scraper.builder().jobs(jobs).build()) {
      scraper.start(receiver);
      scraper.reload(ScrapeConfigFile.read(file));
      assertThat(scraper.snapshot().jobs()).hasSize(1);
    }
  }
}
