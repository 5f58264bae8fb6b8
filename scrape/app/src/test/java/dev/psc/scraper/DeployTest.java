package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.psc.scrape.config.ScrapeConfigFile;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.cli.HttpAddress;
import dev.psc.scraper.cli.Options;
import dev.psc.scraper.cli.UsageException;
import dev.psc.scraper.store.StoreConnection;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Every file of the deploy folder, read by what will really read it. */
class DeployTest {

  private static final Path DEPLOY = Path.of("deploy");

  @TestFactory
  Stream<DynamicTest> everyExampleConfigIsValid() throws IOException {
    try (Stream<Path> files = Files.list(DEPLOY.resolve("configs"))) {
      return files.sorted().toList().stream()
          .map(
              file ->
                  DynamicTest.dynamicTest(
                      file.getFileName().toString(),
                      () -> {
                        List<ScrapeJob> jobs = ScrapeConfigFile.read(file);
                        assertThat(jobs).isNotEmpty();
                        String effective = ScrapeConfigFile.toYaml(jobs);
                        assertThat(
                                ScrapeConfigFile.toYaml(
                                    ScrapeConfigFile.parse(effective, "effective", DEPLOY)))
                            .isEqualTo(effective);
                      }));
    }
  }

  @TestFactory
  Stream<DynamicTest> everyManifestIsReadByTheRealParserAndConfigReader() throws IOException {
    return Stream.of("kubernetes.yaml", "kubernetes-sharded.yaml")
        .map(name -> DynamicTest.dynamicTest(name, () -> checkManifest(DEPLOY.resolve(name))));
  }

  private static void checkManifest(Path file) throws Exception {
    int commands = 0;
    for (Object document :
        new Load(LoadSettings.builder().build()).loadAllFromString(Files.readString(file))) {
      Map<?, ?> resource = (Map<?, ?>) document;
      if ("ConfigMap".equals(resource.get("kind"))) {
        for (Object config : ((Map<?, ?>) resource.get("data")).values()) {
          assertThat(ScrapeConfigFile.parse(String.valueOf(config), "ConfigMap", DEPLOY))
              .isNotEmpty();
        }
      }
      List<String> arguments = arguments(resource);
      if (!arguments.isEmpty()) {
        commands++;
        checkFlags(arguments.stream().map(a -> a.replace("$(POD_NAME)", "scraper-3")).toList());
      }
    }
    assertThat(commands).isEqualTo(1);
  }

  private static List<String> arguments(Object node) {
    List<String> found = new ArrayList<>();
    if (node instanceof Map<?, ?> map) {
      map.forEach(
          (key, value) -> {
            if (key.equals("args") && value instanceof List<?> list) {
              list.forEach(item -> found.add(String.valueOf(item)));
            } else {
              found.addAll(arguments(value));
            }
          });
    } else if (node instanceof List<?> list) {
      list.forEach(item -> found.addAll(arguments(item)));
    }
    return found;
  }

  private static void checkFlags(List<String> arguments) throws UsageException {
    Options options = CommandLineReader.read(arguments.toArray(String[]::new), Map.of());
    assertThat(options.scrape.mode).isEqualTo("scraper-only");
    assertThat(options.arguments).isEmpty();
    assertThat(StoreConnection.headers(options).projectId()).isPresent();
    options.shard();
    HttpAddress.parse("--http-address", options.serve.httpAddress);
  }

  @Test
  void systemdUnitHasFlagsThatExist() throws Exception {
    String unit = Files.readString(DEPLOY.resolve("psc-scraper.service"));
    String command = unit.replace("\\\n", " ");
    String start =
        command.substring(command.indexOf("psc-scraper.jar") + "psc-scraper.jar".length());
    checkFlags(
        Arrays.stream(start.lines().findFirst().orElseThrow().trim().split("\\s+", -1)).toList());
  }

  @Tag("interop")
  @Test
  void prometheusAcceptsTheAlertRules() throws Exception {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "promtool"))),
        "promtool is not installed; it is in the package prometheus");
    Process promtool =
        new ProcessBuilder(
                "promtool", "check", "rules", DEPLOY.resolve("monitoring/alerts.yaml").toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(promtool.waitFor()).as(output).isZero();
    assertThat(output).containsPattern("SUCCESS: [1-9][0-9]* rules found");
  }

  @Test
  void dockerfileNamesThePathsOfTodaysManifest() throws Exception {
    assertThat(Files.readString(DEPLOY.resolve("Dockerfile")))
        .contains("> /parca", "> /grpc_health_probe", "USER 65534");
  }
}
