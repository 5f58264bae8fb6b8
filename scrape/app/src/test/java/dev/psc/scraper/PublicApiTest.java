package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the list of public types equal to the code. */
class PublicApiTest {

  private static final Pattern EXPORT = Pattern.compile("exports\\s+([\\w.]+)\\s*;");

  private static final Pattern PUBLIC_TYPE =
      Pattern.compile(
          "^public (?:(?:final|abstract|sealed|non-sealed) )*(?:class|interface|enum|record"
              + "|@interface) (\\w+)",
          Pattern.MULTILINE);

  private static final Pattern LISTED =
      Pattern.compile("^(?:## [\\w-]+: `([\\w.]+)`|\\| `(\\w+)` \\| \\S.*\\|)$", Pattern.MULTILINE);

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  @Test
  void listsEveryPublicTypeWithWhatItIsFor() throws Exception {
    TreeSet<String> real = new TreeSet<>();
    for (String modules : new String[] {"core", "scrape", "auth", "."}) {
      try (Stream<Path> folders = Files.list(root.resolve(modules))) {
        for (Path folder : folders.toList()) {
          addTypes(folder.resolve("src/main/java"), real);
        }
      }
    }
    TreeSet<String> listed = new TreeSet<>();
    Matcher lines = LISTED.matcher(Files.readString(root.resolve("core/API.md")));
    String packageName = "";
    while (lines.find()) {
      if (lines.group(1) != null) {
        packageName = lines.group(1);
      } else {
        listed.add(packageName + "." + lines.group(2));
      }
    }
    assertThat(listed).isEqualTo(real);
  }

  private static void addTypes(Path sources, Set<String> types) throws IOException {
    Path module = sources.resolve("module-info.java");
    if (!Files.exists(module)) {
      return;
    }
    Matcher exports = EXPORT.matcher(Files.readString(module));
    while (exports.find()) {
      Path folder = sources.resolve(exports.group(1).replace('.', '/'));
      // The packages of generated messages have no sources of ours.
      if (!Files.isDirectory(folder)) {
        continue;
      }
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
          Matcher type = PUBLIC_TYPE.matcher(Files.readString(file));
          if (type.find()) {
            types.add(exports.group(1) + "." + type.group(1));
          }
        }
      }
    }
  }
}
