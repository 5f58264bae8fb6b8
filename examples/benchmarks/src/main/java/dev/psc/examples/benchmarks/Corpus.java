package dev.psc.examples.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Real profiles, if available: in {@code PSC_CORPUS}, or next to a parent directory. */
final class Corpus {

  private static final @Nullable Path ROOT = root();

  private Corpus() {}

  private static @Nullable Path root() {
    String variable = System.getenv("PSC_CORPUS");
    if (variable != null) {
      return Path.of(variable);
    }
    for (Path dir = Path.of("").toAbsolutePath(); dir != null; dir = dir.getParent()) {
      Path corpus = dir.resolve("shared").resolve("corpus");
      if (Files.isDirectory(corpus)) {
        return corpus;
      }
    }
    return null;
  }

  /** Returns the bytes of a file, or null if it does not exist. */
  static byte @Nullable [] read(String dir, String name) throws IOException {
    Path root = ROOT;
    Path file = root == null ? null : root.resolve(dir).resolve(name);
    return file != null && Files.isReadable(file) ? Files.readAllBytes(file) : null;
  }
}
