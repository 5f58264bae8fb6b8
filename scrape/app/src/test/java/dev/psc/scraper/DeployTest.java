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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Every file of the deploy folder, read by what will really read it. */
class DeployTest {

  private static final Path DEPLOY = Path.of("deploy");
  private static final String STARTER = "../../core/spring-boot-starter/";

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

  /** Each value that a template of the chart uses has a default. */
  @Test
  void theChartUsesValuesThatExist() throws Exception {
    Path chart = DEPLOY.resolve("helm");
    Map<?, ?> values =
        (Map<?, ?>)
            new Load(LoadSettings.builder().build())
                .loadFromString(Files.readString(chart.resolve("values.yaml")));
    Pattern used = Pattern.compile("\\.Values((?:\\.\\w+)+)");
    int uses = 0;
    try (Stream<Path> templates = Files.list(chart.resolve("templates"))) {
      for (Path template : templates.toList()) {
        Matcher matcher = used.matcher(Files.readString(template));
        while (matcher.find()) {
          uses++;
          Object value = values;
          for (String key : matcher.group(1).substring(1).split("\\.", -1)) {
            assertThat(((Map<?, ?>) value).containsKey(key))
                .as(template + ": " + matcher.group())
                .isTrue();
            value = ((Map<?, ?>) value).get(key);
          }
        }
      }
    }
    assertThat(uses).isGreaterThan(10);
    String jobs =
        new Dump(DumpSettings.builder().build())
            .dumpToString(Map.of("scrape_configs", values.get("scrapeConfigs")));
    assertThat(ScrapeConfigFile.parse(jobs, "values.yaml", DEPLOY)).hasSize(1);
  }

  @Test
  @Tag("interop")
  void helmRendersTheChart() throws Exception {
    for (int replicas = 1; replicas <= 3; replicas += 2) {
      Path rendered = Files.createTempFile("chart", ".yaml");
      List<String> command =
          List.of(
              "helm",
              "template",
              "scraper",
              DEPLOY.resolve("helm").toString(),
              "--set",
              "store.projectId=00000000-0000-0000-0000-000000000000,replicas=" + replicas);
      run(command, rendered);
      checkManifest(rendered);
    }
  }

  @Test
  @Tag("interop")
  void promtoolAcceptsTheAlerts() throws Exception {
    Path printed = Files.createTempFile("promtool", ".txt");
    run(
        List.of(
            "promtool",
            "check",
            "rules",
            "deploy/monitoring/alerts.yaml",
            STARTER + "monitoring/alerts.yaml"),
        printed);
    assertThat(Files.readString(printed)).contains("SUCCESS");
    run(
        List.of("promtool", "test", "rules", STARTER + "src/test/promtool/alerts-test.yaml"),
        printed);
    assertThat(Files.readString(printed)).contains("SUCCESS");
  }

  @Test
  void theAlertsOfApplicationsAreThoseOfTheScrapersDelivery() throws Exception {
    List<String> alerts = alerts(Path.of(STARTER, "monitoring", "alerts.yaml"));
    assertThat(alerts).hasSize(5);
    assertThat(alerts(DEPLOY.resolve("monitoring/alerts.yaml")).subList(0, 5)).isEqualTo(alerts);
  }

  private static List<String> alerts(Path file) throws IOException {
    Map<?, ?> rules =
        (Map<?, ?>) new Load(LoadSettings.builder().build()).loadFromString(Files.readString(file));
    List<String> alerts = new ArrayList<>();
    for (Object group : (List<?>) rules.get("groups")) {
      for (Object rule : (List<?>) ((Map<?, ?>) group).get("rules")) {
        Map<?, ?> alert = (Map<?, ?>) rule;
        alerts.add(alert.get("alert") + " " + alert.get("expr") + " " + alert.get("for"));
      }
    }
    return alerts;
  }

  /** Runs a program, if it is installed. */
  private static void run(List<String> command, Path output) throws Exception {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      assumeTrue(false, command.get(0) + " is not installed");
      return;
    }
    assertThat(process.waitFor()).as(Files.readString(output)).isZero();
  }

  @Test
  void dockerfileNamesThePathsOfTodaysManifest() throws Exception {
    assertThat(Files.readString(DEPLOY.resolve("Dockerfile")))
        .contains("> /parca", "> /grpc_health_probe", "USER 65534");
  }

  /** Java does not start with two collectors, and the last option of two wins. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void theOptionsOfTheContainerReplaceThoseOfTheImage() throws Exception {
    assertThat(commandOfTheImage("JAVA_OPTS", ""))
        .contains("-XX:+UseSerialGC", "StopAtLevel=1", "-Xms16m");
    assertThat(commandOfTheImage("JAVA_OPTS", "-Xms32m")).doesNotContain("-Xms16m");
    assertThat(commandOfTheImage("JAVA_OPTS", "-XX:+UseG1GC"))
        .contains("-XX:+UseG1GC", "StopAtLevel=1")
        .doesNotContain("UseSerialGC");
    assertThat(commandOfTheImage("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=4"))
        .contains("-XX:+UseSerialGC")
        .doesNotContain("StopAtLevel=1");
  }

  /** Runs the script that the Dockerfile writes, with echo in place of Java. */
  private static String commandOfTheImage(String variable, String value) throws Exception {
    Matcher script =
        Pattern.compile("RUN (printf '%s\\\\n' '#!/bin/sh'.*?) > /parca", Pattern.DOTALL)
            .matcher(Files.readString(DEPLOY.resolve("Dockerfile")));
    assertThat(script.find()).isTrue();
    ProcessBuilder shell =
        new ProcessBuilder(
            "sh",
            "-c",
            script.group(1).replace("\\\n", " ").replace("exec java", "echo java") + " | sh");
    shell.environment().put(variable, value);
    Process process = shell.redirectErrorStream(true).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }
}
