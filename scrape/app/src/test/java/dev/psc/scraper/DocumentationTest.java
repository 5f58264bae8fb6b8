package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scraper.cli.CommandLineReader;
import dev.psc.scraper.cli.EnvironmentDefaults;
import dev.psc.scraper.cli.Options;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class DocumentationTest {

  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(#[^)]*)?\\)");

  private static final Pattern ROW =
      Pattern.compile("^\\| `(--[a-z-]+)` \\| `(PSC_[A-Z_]+)` \\|", Pattern.MULTILINE);

  @Test
  void readmeListsEveryFlagWithItsVariable() throws Exception {
    Map<String, String> documented = new LinkedHashMap<>();
    Matcher rows = ROW.matcher(Files.readString(Path.of("README.md")));
    while (rows.find()) {
      documented.put(rows.group(1), rows.group(2));
    }
    Map<String, String> real = new LinkedHashMap<>();
    CommandLine line = CommandLineReader.commandLine(new Options(), Map.of());
    for (OptionSpec option : line.getCommandSpec().options()) {
      if (!option.hidden() && !option.usageHelp()) {
        real.put(option.longestName(), EnvironmentDefaults.variableOf(option.longestName()));
      }
    }
    assertThat(documented).containsExactlyInAnyOrderEntriesOf(real);
  }

  @Test
  void troubleshootingNamesEveryWayAScrapeFails() throws Exception {
    String page = Files.readString(Path.of("../../core/README.md"));
    for (ScrapeOutcome outcome : ScrapeOutcome.values()) {
      if (!outcome.isHealthy()) {
        assertThat(page).contains("`" + outcome.reason() + "`");
      }
    }
  }

  /** Links between pages and to files lead somewhere. */
  @Test
  void everyLinkOfThePagesLeadsToAFile() throws Exception {
    Path root = Path.of(System.getProperty("psc.root", "../.."));
    List<String> broken = new ArrayList<>();
    for (Path page : files(root, ".md")) {
      Matcher links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        String target = links.group(1);
        if (!target.contains("://") && !Files.exists(page.resolveSibling(target))) {
          broken.add(root.relativize(page) + " -> " + target);
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  /** Every Java block of every page occurs, line for line, in a file that is compiled. */
  @Test
  void everyJavaBlockOfThePagesIsCompiledSomewhere() throws Exception {
    Path root = Path.of(System.getProperty("psc.root", "../.."));
    List<Path> pages = files(root, ".md");
    StringBuilder all = new StringBuilder();
    for (Path source : files(root, ".java")) {
      all.append(normalised(Files.readString(source))).append('\n');
    }
    String sources = all.toString();
    Map<String, String> missing = new LinkedHashMap<>();
    for (Path page : pages) {
      Matcher blocks = JAVA_BLOCK.matcher(Files.readString(page));
      while (blocks.find()) {
        String block = normalised(blocks.group(1));
        if (!sources.contains(block)) {
          missing.put(
              root.relativize(page) + ": " + blocks.group(1).strip().lines().findFirst().orElse(""),
              firstMissingLine(block, sources));
        }
      }
    }
    assertThat(missing).isEmpty();
  }

  private static String firstMissingLine(String block, String sources) {
    StringBuilder so = new StringBuilder();
    for (String line : block.lines().toList()) {
      so.append(so.isEmpty() ? "" : "\n").append(line);
      if (!sources.contains(so)) {
        return line;
      }
    }
    return "";
  }

  private static String normalised(String text) {
    return text.lines()
        .map(String::strip)
        .filter(l -> !l.isEmpty())
        .collect(Collectors.joining("\n"));
  }

  private static List<Path> files(Path root, String ending) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(p -> p.toString().endsWith(ending))
          .filter(
              p -> !root.relativize(p).toString().matches("(.*/)?(target|node_modules|\\.git)/.*"))
          .toList();
    }
  }
}
