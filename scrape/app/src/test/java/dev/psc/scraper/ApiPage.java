package dev.psc.scraper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The page {@code core/API.md}: every public type of every exported package with the first sentence
 * of its Javadoc. From the root of the repository, {@code java
 * scrape/app/src/test/java/dev/psc/scraper/ApiPage.java} writes the page.
 */
final class ApiPage {

  private static final Pattern EXPORT =
      Pattern.compile("^\\s*exports\\s+([\\w.]+)\\s*;", Pattern.MULTILINE);
  private static final Pattern TYPE =
      Pattern.compile(
          "^public (?:(?:final|abstract|sealed|non-sealed|strictfp) )*"
              + "(?:class|interface|enum|record|@interface) (\\w+)",
          Pattern.MULTILINE);
  private static final Pattern JAVADOC = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);
  private static final Pattern SENTENCE = Pattern.compile("^(.*?[.])(?:\\s|$)", Pattern.DOTALL);
  private static final Pattern ARTIFACT =
      Pattern.compile("</parent>.*?<artifactId>([\\w-]+)</artifactId>", Pattern.DOTALL);

  private static final String HEAD =
      """
      # Public API

      All public types of the exported packages, with the first sentence of their Javadoc. The page is generated: \
      `java scrape/app/src/test/java/dev/psc/scraper/ApiPage.java` writes it, and a test compares it with the code. \
      The generated gRPC messages in `dev.psc.store.proto.*` are exported too, for users that write their own stub.
      """;

  private ApiPage() {}

  public static void main(String[] arguments) throws IOException {
    Path root = Path.of(arguments.length == 0 ? "." : arguments[0]);
    Files.writeString(root.resolve("core/API.md"), text(root));
  }

  /** Returns the text of the page for the sources below a root. */
  static String text(Path root) throws IOException {
    StringBuilder page = new StringBuilder(HEAD);
    for (Path module : modules(root)) {
      for (String exported : exports(module)) {
        Map<String, String> types = types(module, exported);
        if (!types.isEmpty()) {
          page.append("\n## ").append(artifact(module)).append(": `").append(exported);
          page.append("`\n");
          types.forEach(
              (name, source) -> page.append("- `%s`: %s\n".formatted(name, description(source))));
        }
      }
    }
    return page.toString();
  }

  /** Returns the folders of the modules that have a {@code module-info.java}, in order. */
  static Set<Path> modules(Path root) throws IOException {
    Set<Path> modules = new TreeSet<>();
    for (String parent : new String[] {"core", "scrape", "auth", "."}) {
      try (Stream<Path> folders = Files.list(root.resolve(parent).normalize())) {
        folders
            .filter(folder -> Files.exists(folder.resolve("src/main/java/module-info.java")))
            .forEach(modules::add);
      }
    }
    return modules;
  }

  /** Returns the packages that a module exports to every module. */
  static Set<String> exports(Path module) throws IOException {
    Set<String> exports = new TreeSet<>();
    Matcher matcher =
        EXPORT.matcher(Files.readString(module.resolve("src/main/java/module-info.java")));
    while (matcher.find()) {
      exports.add(matcher.group(1));
    }
    return exports;
  }

  private static String artifact(Path module) throws IOException {
    Matcher matcher = ARTIFACT.matcher(Files.readString(module.resolve("pom.xml")));
    return matcher.find() ? matcher.group(1) : module.getFileName().toString();
  }

  /** Returns the sources of the public types of a package by their names. */
  static Map<String, String> types(Path module, String packageName) throws IOException {
    Map<String, String> types = new TreeMap<>();
    Path folder = module.resolve("src/main/java").resolve(packageName.replace('.', '/'));
    if (!Files.isDirectory(folder)) {
      return types;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        String source = Files.readString(file);
        Matcher type = TYPE.matcher(source);
        if (type.find()) {
          types.put(type.group(1), source);
        }
      }
    }
    return types;
  }

  /** Returns the first sentence of the Javadoc of a source's type, as Markdown. */
  private static String description(String source) {
    String comment = "";
    Matcher type = TYPE.matcher(source);
    Matcher comments = JAVADOC.matcher(source).region(0, type.find() ? type.start() : 0);
    while (comments.find()) {
      comment = comments.group(1);
    }
    String text =
        comment
            .replaceAll("(?m)^\\s*\\* ?", "")
            .replaceAll("\\{@(?:code|value)\\s+([^}]*)\\}", "`$1`")
            .replaceAll("\\{@link(?:plain)?\\s+[^}\\s]+\\s+([^}]*)\\}", "$1")
            .replaceAll("\\{@link(?:plain)?\\s+([^}]*)\\}", "`$1`")
            .split("<p>|\\n@", 2)[0]
            .replaceAll("\\s+", " ")
            .strip();
    Matcher sentence = SENTENCE.matcher(text);
    return (sentence.find() ? sentence.group(1) : text).replaceAll("<[^>]*>", "");
  }
}
