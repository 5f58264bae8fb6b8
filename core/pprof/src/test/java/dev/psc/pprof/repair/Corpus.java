package dev.psc.pprof.repair;

import dev.psc.pprof.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

/** The corpus of real profiles, where it is there: PSC_CORPUS, or shared/corpus in some parent. */
@NullUnmarked
public final class Corpus {

  private static final @Nullable Path ROOT = find();

  private Corpus() {}

  private static @Nullable Path find() {
    String named = System.getenv("PSC_CORPUS");
    if (named != null && Files.isDirectory(Path.of(named))) {
      return Path.of(named);
    }
    Path at = Path.of(System.getProperty("psc.root", "")).toAbsolutePath();
    for (Path dir = at; dir != null; dir = dir.getParent()) {
      Path corpus = dir.resolve("shared/corpus");
      if (Files.isDirectory(corpus)) {
        return corpus;
      }
    }
    return null;
  }

  static boolean isThere() {
    return ROOT != null;
  }

  public static byte[] read(String dir, String file) {
    try {
      return Files.readAllBytes(ROOT.resolve(dir).resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the manifest of a directory says of each file; nothing without the corpus. */
  public static List<Map<String, Object>> manifest(String dir, String name) {
    if (!isThere()) {
      return List.of();
    }
    return Json.objects(new String(read(dir, name), StandardCharsets.UTF_8));
  }

  /** All files of a directory but the manifests. */
  static List<Path> files(String dir) {
    if (!isThere()) {
      return List.of();
    }
    try (var files = Files.list(ROOT.resolve(dir))) {
      return files.filter(f -> !f.toString().endsWith(".json")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
