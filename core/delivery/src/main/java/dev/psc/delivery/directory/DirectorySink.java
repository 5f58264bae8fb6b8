package dev.psc.delivery.directory;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A sink that writes each profile to a file for {@code go tool pprof}. The paths are
 *
 * <pre>
 *   DIRECTORY/process_cpu-16f1c8d0a2b3e4f5/20261125T101530.123Z-0.pb.gz
 *   DIRECTORY/process_cpu-16f1c8d0a2b3e4f5/labels.txt
 * </pre>
 *
 * with one directory per series, named by {@code __name__} and a hash of the labels, which are
 * listed in {@code labels.txt}. Files are written atomically and never deleted.
 *
 * <p>Safe for use by several threads; closing it has no effect.
 */
public final class DirectorySink implements ProfileSink {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Path directory;
  private final AtomicLong counter = new AtomicLong();

  private DirectorySink(Path directory) {
    this.directory = Objects.requireNonNull(directory, "directory");
  }

  /**
   * Returns a sink.
   *
   * @param directory created with the first profile if missing
   */
  public static DirectorySink create(Path directory) {
    return new DirectorySink(directory);
  }

  @Override
  public String name() {
    return "directory";
  }

  /** Writes the batch on the caller's thread; the outcome of a failure is a retry. */
  @Override
  public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
    try {
      for (RawProfile profile : batch) {
        write(profile);
      }
      return CompletableFuture.completedFuture(new SendOutcome.Accepted());
    } catch (IOException e) {
      return CompletableFuture.completedFuture(
          new SendOutcome.Retry(
              "io_error", "cannot write below " + directory + ": " + e, Optional.empty()));
    }
  }

  /**
   * Writes one profile.
   *
   * @return its file
   * @throws IOException if the file cannot be written; no part of it remains
   */
  public Path write(RawProfile profile) throws IOException {
    LabelSet labels = profile.labels();
    String series = fileName(profile.name()) + String.format(Locale.ROOT, "-%016x", labels.hash());
    Path home = directory.resolve(series);
    Files.createDirectories(home);
    Path labelsFile = home.resolve("labels.txt");
    if (!Files.exists(labelsFile)) {
      writeWhole(labelsFile, (labels + "\n").getBytes(StandardCharsets.UTF_8));
    }
    long nanos = profile.timeNanos();
    Instant time = nanos == 0 ? Instant.now() : Instant.ofEpochSecond(0, nanos);
    Path file;
    do {
      file = home.resolve(TIME.format(time) + "-" + counter.getAndIncrement() + extension(profile));
    } while (Files.exists(file));
    writeWhole(file, profile.pprof());
    return file;
  }

  private static void writeWhole(Path file, byte[] content) throws IOException {
    Path part = Files.createTempFile(file.getParent(), ".", ".part");
    try {
      Files.write(part, content);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static String extension(RawProfile profile) {
    byte[] bytes = profile.pprof();
    boolean gzip = bytes.length > 2 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b;
    return gzip ? ".pb.gz" : ".pb";
  }

  private static String fileName(String name) {
    String legal = name.replaceAll("[^A-Za-z0-9_]", "_");
    return legal.isEmpty() ? "profile" : legal.substring(0, Math.min(legal.length(), 64));
  }

  @Override
  public void close() {}
}
