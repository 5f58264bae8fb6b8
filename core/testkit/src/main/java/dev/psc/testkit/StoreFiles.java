package dev.psc.testkit;

import dev.psc.auth.ProjectId;
import dev.psc.label.LabelSet;
import dev.psc.net.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/**
 * The files of a store: profiles as {@code <project>/<profile name>/<labels hash>/<time>.pb.gz},
 * with the labels in {@code labels.json}. Files are written atomically.
 */
final class StoreFiles {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSSSSSSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private static final int NAME_LIMIT = 100;

  private final Path root;

  StoreFiles(Path root) {
    this.root = root;
  }

  /** Writes a profile in gzip and returns its file. */
  synchronized Path write(ProjectId project, LabelSet labels, long timeNanos, byte[] pprof)
      throws IOException {
    Path series = series(root, project, labels);
    Files.createDirectories(series);
    Path labelsFile = series.resolve("labels.json");
    if (!Files.exists(labelsFile)) {
      writeWhole(labelsFile, Json.writeIndented(labels.toMap()).getBytes(StandardCharsets.UTF_8));
    }
    String time =
        TIME.format(
            Instant.ofEpochSecond(
                Math.floorDiv(timeNanos, 1_000_000_000L),
                Math.floorMod(timeNanos, 1_000_000_000L)));
    Path file = series.resolve(time + ".pb.gz");
    for (int i = 1; Files.exists(file); i++) {
      file = series.resolve(time + "-" + i + ".pb.gz");
    }
    writeWhole(file, isGzip(pprof) ? pprof : gzip(pprof));
    return file;
  }

  /** Returns the directory of a series. */
  static Path series(Path root, ProjectId project, LabelSet labels) {
    return root.resolve(project.value().toLowerCase(Locale.ROOT))
        .resolve(fileName(labels.valueOf(LabelSet.NAME)))
        .resolve(String.format(Locale.ROOT, "%016x", labels.hash()));
  }

  private static void writeWhole(Path file, byte[] bytes) throws IOException {
    Path part = file.resolveSibling("." + file.getFileName() + ".part");
    Files.write(part, bytes);
    try {
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static boolean isGzip(byte[] bytes) {
    return bytes.length > 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 2 + 64);
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  /** Returns a file name that is legal on every file system and stays in the directory. */
  static String fileName(String name) {
    StringBuilder out = new StringBuilder();
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      boolean plain = letter || (c >= '0' && c <= '9') || c == '_' || c == '-';
      if (plain) {
        out.append(c);
      } else {
        out.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
      if (out.length() >= NAME_LIMIT) {
        break;
      }
    }
    return out.toString();
  }
}
