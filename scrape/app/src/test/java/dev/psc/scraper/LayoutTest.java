package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules about the sources that compiled classes do not show. */
class LayoutTest {

  private static final Pattern UNQUALIFIED_EXPORT =
      Pattern.compile("exports\\s+([\\w.]+)\\s*;", Pattern.MULTILINE);
  private static final int MAX_LINES = 500;

  /** The full name of a class of this project. */
  private static final Pattern CLASS_NAME = Pattern.compile("`(dev\\.psc\\.[\\w.]*\\.[A-Z]\\w*)`");

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  @Test
  void noModuleExportsInternalPackages() throws Exception {
    List<String> exported = new ArrayList<>();
    for (Path module : ApiPage.modules(root)) {
      Matcher exports =
          UNQUALIFIED_EXPORT.matcher(
              Files.readString(module.resolve("src/main/java/module-info.java")));
      while (exports.find()) {
        String name = exports.group(1);
        if (name.contains(".internal") || name.equals("dev.psc.net")) {
          exported.add(module.getFileName() + " exports " + name);
        }
      }
    }
    assertThat(exported).isEmpty();
  }

  @Test
  void noClassIsLongerThanFiveHundredLines() throws Exception {
    Map<String, Long> tooLong = new LinkedHashMap<>();
    for (Path file : mainSources()) {
      try (Stream<String> lines = Files.lines(file)) {
        long count = lines.count();
        if (count > MAX_LINES) {
          tooLong.put(root.relativize(file).toString(), count);
        }
      }
    }
    assertThat(tooLong).isEmpty();
  }

  @Test
  void aModuleReplacesFilesAtomicallyInOnePlace() throws Exception {
    Map<String, Set<String>> places = new LinkedHashMap<>();
    for (Path module : ApiPage.modules(root)) {
      Set<String> files = new TreeSet<>();
      for (Path file : javaFiles(module.resolve("src/main/java"))) {
        if (Files.readString(file).contains("ATOMIC_MOVE")) {
          files.add(file.getFileName().toString());
        }
      }
      if (files.size() > 1) {
        places.put(module.getFileName().toString(), files);
      }
    }
    assertThat(places).isEmpty();
  }

  /** Each class that the walkthrough names has a source. */
  @Test
  void theWalkthroughNamesClassesThatExist() throws Exception {
    Set<String> sources = new TreeSet<>();
    for (Path module : ApiPage.modules(root)) {
      Path folder = module.resolve("src/main/java");
      for (Path file : javaFiles(folder)) {
        String name = folder.relativize(file).toString().replace('/', '.');
        sources.add(name.substring(0, name.length() - ".java".length()));
      }
    }
    Set<String> named = new TreeSet<>();
    Matcher names = CLASS_NAME.matcher(Files.readString(root.resolve("core/WALKTHROUGH.md")));
    while (names.find()) {
      named.add(names.group(1));
    }
    assertThat(named).hasSizeGreaterThan(20);
    assertThat(sources).containsAll(named);
  }

  private List<Path> mainSources() throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path module : ApiPage.modules(root)) {
      files.addAll(javaFiles(module.resolve("src/main/java")));
    }
    return files;
  }

  private static List<Path> javaFiles(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }
}
