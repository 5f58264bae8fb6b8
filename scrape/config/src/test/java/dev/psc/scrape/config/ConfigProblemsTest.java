package dev.psc.scrape.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.scrape.settings.ConfigException;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.target.ScrapeJob;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is wrong with a configuration, each with its place and what to do. */
class ConfigProblemsTest {

  private static final Path DIRECTORY = Path.of("/etc/test");

  private static List<ConfigProblem> problems(String yaml) {
    ConfigException thrown =
        catchThrowableOfType(
            ConfigException.class,
            () -> ScrapeConfigFile.parse(yaml, "test.yaml", DIRECTORY, warning -> {}));
    assertThat(thrown).as(yaml).isNotNull();
    return thrown.problems();
  }

  private static List<ConfigProblem> ruleWarnings(String sources, String regex) {
    return warnings(
        job(
            "  relabel_configs: [{source_labels: ["
                + sources
                + "], regex: '"
                + regex
                + "', action: keep}]\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a|b;true",
        "(?:a|b;true)",
        "(a|b;true)",
        "a;b|c",
        "|b;true",
        "a|b",
        "[|]|b;c",
        "\\d+|b;c"
      })
  void warnsOfAnAlternationThatSplitsTheLabels(String regex) {
    List<ConfigProblem> warnings = ruleWarnings("a, b", regex);
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0).message())
        .contains("never matches the values of 2 source_labels", "(a|b);c");
    assertThat(warnings.get(0).path()).endsWith("relabel_configs[0].regex");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "(a|b);true",
        "a;true|b;false",
        "a\\|b;true",
        "[a|b];true",
        "(?i:a|b);c",
        ".+|b;true",
        "[^x]*|b;c",
        "(a|b);(c|d)",
        "(a;b)|(c;d)",
        "\\Qa|b\\E;c"
      })
  void doesNotWarnOfAlternationsThatCanMatch(String regex) {
    assertThat(ruleWarnings("a, b", regex)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"socks5", "socks5h", "HTTPS"})
  void acceptsAProxyThatOnlyItsOwnJobFailsFor(String scheme) {
    List<ConfigProblem> warnings = warnings(job("  proxy_url: " + scheme + "://me:pw@p:1\n"));
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0).message())
        .contains("does not support " + scheme.toLowerCase(Locale.ROOT) + ":// proxies")
        .doesNotContain("pw");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "proxy_url: 'http://me:s3cret word@p:1'",
        "proxy_url: 'http://me:s3cret%zz@p:1'",
        "proxy_url: 'ftp://me:s3cret@p:1'",
        "proxy_url: 'me:s3cret@p:1'",
        "http_sd_configs: [{url: 'http://me:s3cret^@h/'}]",
        "http_sd_configs: [{url: 'http://me:s3cret@'}]",
        "oauth2: {client_id: a, client_secret: b, token_url: 'http://me:s3cret[@h'}",
      })
  void showsNoPasswordOfAnInvalidUrl(String line) {
    assertThatThrownBy(
            () ->
                ScrapeConfigFile.parse(
                    job("  " + line + "\n"), "test.yaml", DIRECTORY, warning -> {}))
        .hasMessageContaining("expected ")
        .hasMessageNotContaining("s3cret")
        .hasStackTraceContaining("expected ")
        .satisfies(
            e -> {
              StringWriter trace = new StringWriter();
              e.printStackTrace(new PrintWriter(trace));
              assertThat(trace.toString()).doesNotContain("s3cret");
            });
  }

  @Test
  void hidesThePasswordBeforeAHostWithAnUnderscore() {
    String yaml =
        ScrapeConfigFile.toYaml(
            ScrapeConfigFile.parse(
                job("  proxy_url: http://me:s3cret@my_proxy:3128\n"), "x", DIRECTORY, w -> {}));
    assertThat(yaml).contains("http://<secret>@my_proxy:3128").doesNotContain("s3cret");
  }

  @Test
  void doesNotWarnOfAnAlternationOverOneLabel() {
    assertThat(ruleWarnings("a", "a|b")).isEmpty();
    assertThat(ruleWarnings("a", "a|b;true")).isEmpty();
  }

  private static List<ConfigProblem> warnings(String yaml) {
    List<ConfigProblem> warnings = new ArrayList<>();
    List<ScrapeJob> jobs = ScrapeConfigFile.parse(yaml, "test.yaml", DIRECTORY, warnings::add);
    assertThat(jobs).isNotNull();
    return warnings;
  }

  private static String job(String rest) {
    return "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['h:1']}]\n" + rest;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "scrape_intervall: 10s|4:3|scrape_configs[0].scrape_intervall|did you mean"
            + " \"scrape_interval\"?",
        "scrape_interval: 30s1m|4:20|scrape_configs[0].scrape_interval|the larger first",
        "scrape_interval: 10|4:20|scrape_configs[0].scrape_interval|not a valid duration: \"10\"",
        "scrape_interval: -5s|4:20|scrape_configs[0].scrape_interval|not a valid duration",
        "scrape_interval: 1.5h|4:20|scrape_configs[0].scrape_interval|whole numbers",
        "scrape_interval: 300y|4:20|scrape_configs[0].scrape_interval|duration out of range",
        "scrape_interval: 1ms|4:20|scrape_configs[0].scrape_interval|between 100ms and 1y",
        "scrape_interval: [1s]|4:20|scrape_configs[0].scrape_interval|expected a duration such as"
            + " 10s, found a list",
        "scrape_timeout: 0|4:19|scrape_configs[0].scrape_timeout|timeout must be positive",
        "scheme: ftp|4:11|scrape_configs[0].scheme|scheme must be http or https, but was \"ftp\"",
        "normalized_addresses: 1|4:25|scrape_configs[0].normalized_addresses|expected true or"
            + " false, found a number (1)",
        "split_by: [__name__]|4:13|scrape_configs[0].split_by|names of samples' labels",
        "split_max_series: 101|4:21|scrape_configs[0].split_max_series|must be between 1 and 100",
        "body_size_limit: lots|4:20|scrape_configs[0].body_size_limit|not a valid size: \"lots\"",
        "body_size_limit: 10GB|4:20|scrape_configs[0].body_size_limit|between 1 and",
        "target_limit: -1|4:17|scrape_configs[0].target_limit|must be between 0 and",
        "params: [x]|4:11|scrape_configs[0].params|expected a mapping, found a list",
        "external_labels: {__x: a}|4:21|scrape_configs[0].external_labels.__x|must not begin with"
            + " __",
        "external_labels: {a-b: c}|4:21|scrape_configs[0].external_labels.a-b|is not a label name",
        "profiling_config: {presett: go}|4:22|scrape_configs[0].profiling_config.presett|did you"
            + " mean \"preset\"?",
        "profiling_config: {preset: ruby}|4:30|scrape_configs[0].profiling_config.preset|use one of"
            + " go, jvm, node, python, rust",
        "profiling_config: {pprof_config: {x: {enabled:"
            + " true}}}|4:40|scrape_configs[0].profiling_config.pprof_config.x|needs a path",
        "profiling_config: {pprof_config: {memory: {secs:"
            + " 5}}}|4:46|scrape_configs[0].profiling_config.pprof_config.memory.secs|unknown key"
            + " \"secs\"",
        "profiling_config: {pprof_config: {process_cpu: {compute_delta:"
            + " true}}}|4:50|scrape_configs[0].profiling_config.pprof_config.process_cpu|exclusive",
        "kubernetes_preset: labels|4:22|scrape_configs[0].kubernetes_preset|use annotations",
        "relabel_configs: [{action: keeep}]|4:30|scrape_configs[0].relabel_configs[0].action|use"
            + " one of replace",
        "relabel_configs: [{regex: '(', target_label:"
            + " x}]|4:29|scrape_configs[0].relabel_configs[0].regex|not a valid RE2 expression",
        "relabel_configs: [{action: hashmod, target_label:"
            + " x}]|4:21|scrape_configs[0].relabel_configs[0]|hashmod needs a modulus",
        "relabel_configs: [{action: labeldrop, regex: x, source_labels:"
            + " [a]}]|4:30|scrape_configs[0].relabel_configs[0].action|labeldrop takes only regex;"
            + " remove source_labels",
        "fleet_sd_configs: [{}]|4:3|scrape_configs[0].fleet_sd_configs|unknown discovery"
            + " \"fleet_sd_configs\"",
        "consul_sd_configs: [{}]|4:3|scrape_configs[0].consul_sd_configs|needs psc-scrape-cloud",
        "marathon_sd_configs: [{}]|4:3|scrape_configs[0].marathon_sd_configs|marathon_sd_configs is"
            + " not supported; write its targets to files for file_sd_configs",
        "aws_sd_configs: [{}]|4:3|scrape_configs[0].aws_sd_configs|use ec2_sd_configs for role ec2",
        "kubernetes_sd_configs: [{role: pod}]|4:3|scrape_configs[0].kubernetes_sd_configs|needs"
            + " psc-scrape-kubernetes",
        "http_sd_configs: [{url: 'ftp://h'}]|4:27|scrape_configs[0].http_sd_configs[0].url|an"
            + " http:// or https:// URL with a host",
        "dns_sd_configs: [{names: [h], type: A}]|4:20|scrape_configs[0].dns_sd_configs[0]|port",
        "file_sd_configs: [{files:"
            + " ['*/x.json']}]|4:30|scrape_configs[0].file_sd_configs[0].files[0]|last part",
        "basic_auth: {username: u, password: p, password_file:"
            + " f}|4:15|scrape_configs[0].basic_auth|password and password_file are mutually"
            + " exclusive",
        "bearer_token: x|0:0||",
        "oauth2: {client_id: x}|4:11|scrape_configs[0].oauth2|client_secret or client_secret_file"
            + " is required",
        "tls_config: {min_version: TLS9}|4:29|scrape_configs[0].tls_config.min_version|use one of",
        "proxy_url: ftp://h:1|4:14|scrape_configs[0].proxy_url|http",
        "http_headers: {Authorization: {values:"
            + " [x]}}|4:33|scrape_configs[0].http_headers.Authorization|uthorization",
      })
  void namesPlaceAndRemedy(String line, String place, String path, String words) {
    if (path == null) {
      assertThatCode(() -> warnings(job("  " + line + "\n"))).doesNotThrowAnyException();
      return;
    }
    List<ConfigProblem> problems = problems(job("  " + line + "\n"));
    assertThat(problems)
        .anySatisfy(
            problem -> {
              assertThat(problem.path()).isEqualTo(path);
              assertThat(problem.message()).contains(words);
              assertThat(problem.line() + ":" + problem.column()).isEqualTo(place);
              assertThat(problem).asString().startsWith("test.yaml:" + place + ": " + path + ": ");
            });
  }

  @Test
  void reportsAllAtOnceInTheOrderOfTheFile() {
    List<ConfigProblem> problems =
        problems(
            """
            scrape_configs:
              - job_name: a
                scheme: ftp
                scrape_intervall: 1s
              - job_name: a
                relabel_configs:
                  - regex: "("
                    target_label: x
                  - action: hashmod
              - scheme: gopher
            extra: 1
            """);
    assertThat(problems).hasSizeGreaterThanOrEqualTo(7);
    assertThat(problems).extracting(ConfigProblem::line).isSorted();
    assertThat(problems)
        .extracting(ConfigProblem::path)
        .contains(
            "extra", "scrape_configs[1].job_name", "scrape_configs[1].relabel_configs[0].regex");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "scrape_configs: [",
        "a: b: c",
        "scrape_configs:\n\t- job_name: a",
        "- just a list",
        "42",
        "scrape_configs: {job_name: a}",
        "scrape_configs: [[]]",
        "scrape_configs: ['text']",
        "a: &a [*a]",
        "? [complex]\n: 1",
      })
  void brokenDocumentsHaveAPlaceToo(String yaml) {
    assertThat(problems(yaml)).isNotEmpty().allMatch(problem -> !problem.message().isBlank());
  }

  @Test
  void emptyDocumentsHaveNoJobs() {
    assertThat(ScrapeConfigFile.parse("", "x", DIRECTORY)).isEmpty();
    assertThat(ScrapeConfigFile.parse("scrape_configs:\n", "x", DIRECTORY)).isEmpty();
    assertThat(
            ScrapeConfigFile.parse(
                "object_storage:\n  bucket: {type: FILESYSTEM}\nscrape_configs: []\n",
                "x",
                DIRECTORY))
        .isEmpty();
  }

  private static boolean normalized(String word) {
    return ScrapeConfigFile.parse(job("  normalized_addresses: " + word + "\n"), "x", DIRECTORY)
        .get(0)
        .normalizedAddresses();
  }

  @Test
  void wordsOfYaml11AreBooleansOnlyWhereOneIsExpected() {
    for (String word : List.of("y", "Y", "yes", "on", "true")) {
      assertThat(normalized(word)).as(word).isTrue();
    }
    for (String word : List.of("n", "N", "no", "off", "false")) {
      assertThat(normalized(word)).as(word).isFalse();
    }
    assertThat(problems(job("  normalized_addresses: maybe\n")).get(0).message())
        .isEqualTo("expected true or false, found text");
    assertThat(
            ScrapeConfigFile.parse("scrape_configs: [{job_name: no}]", "x", DIRECTORY)
                .get(0)
                .name())
        .isEqualTo("no");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pprof_config: {allocs: {enabled: false}}|the default one is named memory",
        "pprof_config: {heap: {enabled: false}}|the default one is named memory",
        "pprof_config: {cpu: {enabled: false}}|the default one is named process_cpu",
        "pprof_config: {fgprof: {path: /debug/fgprof}}|set enabled: true and a path to scrape it",
        "pprof_config: {allocs: {enabled: true, path: /debug/pprof/allocs}}|has the same path as"
            + " memory",
        "pprof_config: {memory: {seconds: 5}}|seconds has no effect without delta: true",
        "pprof_config: {process_cpu: {seconds: 60}}|more than its interval of 10s",
      })
  void warnsOfWhatHasNoEffectOrAnother(String profiling, String words) {
    List<ConfigProblem> warnings = warnings(job("  profiling_config: {" + profiling + "}\n"));
    assertThat(warnings).hasSize(1);
    assertThat(warnings.get(0).message()).contains(words);
    assertThat(warnings.get(0).path())
        .startsWith("scrape_configs[0].profiling_config.pprof_config.");
    assertThat(warnings.get(0).line()).isEqualTo(4);
  }

  @Test
  void warnsOfJobsThatDoNothing() {
    assertThat(warnings("scrape_configs: [{job_name: a}]").get(0).message())
        .contains("the job has no targets");
    assertThat(warnings(job("  params: {debug: ['1']}\n")).get(0).message())
        .contains("debug makes targets return text");
    assertThat(warnings(job("  bearer_token: x\n")).get(0).message()).contains("unencrypted");
    assertThat(
            warnings(
                    job(
                        """
                          profiling_config:
                            preset: node
                            pprof_config: {memory: {enabled: false}}
                        """))
                .get(0)
                .message())
        .contains("none of its profiles is enabled");
  }

  @Test
  void doesNotWarnOfWhatIsUsual() {
    assertThat(warnings(job(""))).isEmpty();
    assertThat(
            warnings(
                job(
                    """
                      scrape_interval: 1m
                      profiling_config:
                        pprof_config:
                          memory: {enabled: false}
                          fgprof: {enabled: true, path: /debug/fgprof, delta: true}
                          process_cpu: {seconds: 10}
                    """)))
        .isEmpty();
  }

  @Test
  void neverShowsASecret() {
    String secret = "hunter2-hunter2";
    for (String line :
        List.of(
            "basic_auth: {username: u, password: [" + secret + "]}",
            "basic_auth: {username: u, password: {x: " + secret + "}}",
            "authorization: {credentials: " + secret + ", credentials_file: f}",
            "authorization: {type: Basic, credentials: " + secret + "}",
            "oauth2: {client_id: x, client_secret: " + secret + "}",
            "tls_config: {key: " + secret + "}",
            "bearer_token: " + secret + "\n  basic_auth: {}",
            "http_headers: {Host: {secrets: [" + secret + "]}}")) {
      assertThat(problems(job("  " + line + "\n"))).as(line).asString().doesNotContain(secret);
    }
    ScrapeJob job =
        ScrapeConfigFile.parse(
                job("  bearer_token: " + secret + "\n"), "x", DIRECTORY, warning -> {})
            .get(0);
    assertThat(job.toString() + job.http() + job.http().credentials()).doesNotContain(secret);
    assertThat(ScrapeConfigFile.toYaml(List.of(job))).doesNotContain(secret).contains("<secret>");
  }

  @Test
  void refusesThePlaceholderOfAPrintedConfiguration() {
    assertThat(problems(job("  bearer_token: <secret>\n")).get(0).message())
        .contains("this configuration was printed with its secrets hidden");
  }

  @Test
  void refusesAFileThatTakesAllMemory(@TempDir Path dir) throws Exception {
    Path file = Files.write(dir.resolve("scraper.yaml"), new byte[65 << 20]);
    assertThatThrownBy(() -> ScrapeConfigFile.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is larger than ")
        .hasMessageContaining("file_sd_configs");
  }

  @Test
  void pathsAreRelativeToTheFile(@TempDir Path dir) throws Exception {
    Path file = dir.resolve("scraper.yaml");
    Files.writeString(file, job("  bearer_token_file: secrets/token\n"));
    String yaml = ScrapeConfigFile.toYaml(ScrapeConfigFile.read(file, warning -> {}));
    assertThat(yaml).contains("credentials_file: " + dir.resolve("secrets/token"));
  }

  /** Mutations of a good file either parse or are reported; nothing else is thrown. */
  @Test
  void nothingButProblemsComesOfMutatedFiles() {
    String good =
        job(
            """
              scrape_interval: 15s
              params: {a: ['1', '2']}
              relabel_configs:
                - source_labels: [a, b]
                  regex: (.+);(.+)
                  target_label: c
                  replacement: $1-$2
              profiling_config:
                path_prefix: /x
                pprof_config:
                  memory: {enabled: true, keep_sample_type: [{type: a, unit: b}]}
              tls_config: {ca_file: ca.pem, insecure_skip_verify: true}
              basic_auth: {username: u, password_file: p}
              dns_sd_configs: [{names: [x.y], type: A, port: 1}]
            """);
    long seed = 7;
    SplittableRandom random = new SplittableRandom(seed);
    String[] pieces = {
      "", ":", "\n", "- ", "[", "}", "'", "!!x ", "&a ", "*a", "0x", "\u0000", "\t", "<<: ", "é"
    };
    for (int i = 0; i < 3_000; i++) {
      StringBuilder mutated = new StringBuilder(good);
      for (int m = random.nextInt(3); m >= 0; m--) {
        int at = random.nextInt(mutated.length());
        mutated.replace(
            at,
            Math.min(mutated.length(), at + random.nextInt(4)),
            pieces[random.nextInt(pieces.length)]);
      }
      try {
        String text = mutated.toString();
        String yaml =
            ScrapeConfigFile.toYaml(ScrapeConfigFile.parse(text, "x", DIRECTORY, warning -> {}));
        assertThat(yaml).startsWith("scrape_configs:");
      } catch (ConfigException expected) {
        assertThat(expected.problems()).as("seed %s round %s", seed, i).isNotEmpty();
      }
    }
  }
}
