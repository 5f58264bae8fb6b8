package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the page of public types with the code. */
class PublicApiTest {

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  @Test
  void listsEveryPublicTypeWithItsFirstSentence() throws Exception {
    assertThat(Files.readString(root.resolve("core/API.md")))
        .as(
            "core/API.md is out of date: java scrape/app/src/test/java/dev/psc/scraper/ApiPage.java")
        .isEqualTo(ApiPage.text(root));
  }

  @Test
  void everyPublicTypeHasASentence() throws Exception {
    assertThat(ApiPage.text(root)).doesNotContainPattern("(?m)`: *$");
  }

  /** Another artifact, an example or a page uses each public type, or an exported type names it. */
  @Test
  void exportedPackagesHoldApiOnly() throws Exception {
    Map<Path, Set<String>> words = wordsByModule();
    List<String> unused = new ArrayList<>();
    for (Path module : ApiPage.modules(root)) {
      Set<String> used = new HashSet<>();
      words.forEach(
          (owner, names) -> {
            if (!owner.equals(module)) {
              used.addAll(names);
            }
          });
      used.addAll(words(Files.readString(module.resolve("src/main/java/module-info.java"))));
      Map<String, Set<String>> types = new TreeMap<>();
      for (String exported : ApiPage.exports(module)) {
        ApiPage.types(module, exported)
            .forEach((name, source) -> types.put(name, words(withoutComments(source))));
      }
      types.forEach(
          (name, own) -> {
            boolean part =
                types.entrySet().stream()
                    .anyMatch(
                        other -> !other.getKey().equals(name) && other.getValue().contains(name));
            if (!used.contains(name) && !part) {
              unused.add(root.relativize(module) + ": " + name);
            }
          });
    }
    assertThat(unused).isEmpty();
  }

  /** Returns the words of the sources of each module; pages belong to no module. */
  private Map<Path, Set<String>> wordsByModule() throws IOException {
    Map<Path, Set<String>> words = new HashMap<>();
    Path pages = root.resolve("pages");
    for (String top : List.of("core", "auth", "scrape", "examples", "README.md")) {
      try (Stream<Path> all = Files.walk(root.resolve(top))) {
        for (Path file : all.filter(PublicApiTest::isSourceOrPage).toList()) {
          Path owner = file.toString().endsWith(".java") ? moduleOf(file) : pages;
          words
              .computeIfAbsent(owner, key -> new HashSet<>())
              .addAll(words(Files.readString(file)));
        }
      }
    }
    return words;
  }

  private static boolean isSourceOrPage(Path file) {
    String path = file.toString();
    return !path.contains("/target/")
        && (path.endsWith(".java") || path.endsWith(".md"))
        && !path.endsWith("API.md");
  }

  private static Path moduleOf(Path file) {
    Path folder = file.getParent();
    while (!Files.exists(folder.resolve("pom.xml"))) {
      folder = folder.getParent();
    }
    return folder;
  }

  private static String withoutComments(String source) {
    return source.replaceAll("(?s)/\\*.*?\\*/|//[^\n]*", "");
  }

  private static Set<String> words(String text) {
    return Set.of(Arrays.stream(text.split("\\W+")).distinct().toArray(String[]::new));
  }
}
