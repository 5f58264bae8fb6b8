package dev.psc.examples.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;

/** The JDKs that are installed in the same directory as the running one. */
public final class Jdks {

  private Jdks() {}

  /** Returns one JDK per feature release, oldest first. */
  public static List<Path> installed() {
    Path current = Path.of(System.getProperty("java.home"));
    TreeMap<Integer, Path> homes = new TreeMap<>();
    Path parent = current.getParent();
    if (parent != null) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(parent)) {
        for (Path home : all) {
          int feature = feature(home);
          if (feature >= 17 && Files.isExecutable(home.resolve("bin/javac"))) {
            homes.put(feature, home);
          }
        }
      } catch (IOException e) {
        // An unreadable directory: only the running JDK is used.
      }
    }
    homes.put(Runtime.version().feature(), current);
    return List.copyOf(homes.values());
  }

  /** Returns the feature release of a JDK, or 0 if it is none. */
  public static int feature(Path home) {
    try {
      return Files.readAllLines(home.resolve("release")).stream()
          .filter(line -> line.startsWith("JAVA_VERSION=\""))
          .map(line -> line.substring(14, line.length() - 1))
          .mapToInt(version -> Runtime.Version.parse(version).feature())
          .findFirst()
          .orElse(0);
    } catch (IOException | IllegalArgumentException e) {
      return 0;
    }
  }
}
