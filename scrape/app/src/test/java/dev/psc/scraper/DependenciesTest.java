package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Holds the page of dependencies equal to the POMs. */
class DependenciesTest {

  private static final Pattern DEPENDENCY =
      Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL);

  private static final Pattern COORDINATES =
      Pattern.compile("<groupId>(.*?)</groupId>\\s*<artifactId>(.*?)</artifactId>", Pattern.DOTALL);

  private final Path root = Path.of(System.getProperty("psc.root", "../.."));

  @Test
  void listsEveryDependencyThatReachesAUser() throws Exception {
    TreeSet<String> real = new TreeSet<>();
    for (String modules : new String[] {"core", "scrape", "auth", "."}) {
      try (Stream<Path> folders = Files.list(root.resolve(modules))) {
        for (Path folder : folders.toList()) {
          Path pom = folder.resolve("pom.xml");
          if (Files.exists(pom)) {
            addDependencies(Files.readString(pom), real);
          }
        }
      }
    }
    TreeSet<String> listed = new TreeSet<>();
    Matcher names =
        Pattern.compile("`([\\w.]+:[\\w.-]+)`")
            .matcher(Files.readString(root.resolve("core/DEPENDENCIES.md")));
    while (names.find()) {
      listed.add(names.group(1));
    }
    assertThat(listed).isEqualTo(real);
  }

  private static void addDependencies(String pom, Set<String> all) {
    String before = pom.split("<build>", -1)[0].split("<dependencyManagement>", -1)[0];
    Matcher dependencies = DEPENDENCY.matcher(before);
    while (dependencies.find()) {
      Matcher coordinates = COORDINATES.matcher(dependencies.group(1));
      if (coordinates.find()
          && !dependencies.group(1).contains("<scope>test</scope>")
          && !coordinates.group(1).equals("dev.psc")) {
        all.add(coordinates.group(1) + ":" + coordinates.group(2));
      }
    }
  }
}
