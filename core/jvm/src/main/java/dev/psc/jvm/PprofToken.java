package dev.psc.jvm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The bearer token that requests for profiles must carry: none, a fixed one, or the content of a
 * file. The file is read for each request, so that it may be rotated, and may appear after the
 * start. Thread-safe.
 */
final class PprofToken {

  private final byte @Nullable [] fixed;
  private final @Nullable Path file;

  PprofToken(@Nullable String fixed, @Nullable Path file) {
    this.fixed = fixed == null ? null : fixed.getBytes(StandardCharsets.UTF_8);
    this.file = file;
  }

  /** Returns whether requests must carry a token. */
  boolean isRequired() {
    return fixed != null || file != null;
  }

  /** Returns the reason why no request can be allowed, if there is one. */
  Optional<String> problem() {
    try {
      check();
      return Optional.empty();
    } catch (UncheckedIOException e) {
      return Optional.ofNullable(e.getMessage());
    }
  }

  /**
   * Reads the file, if there is one.
   *
   * @throws UncheckedIOException if it cannot be read or is empty; the message names the file
   */
  void check() {
    if (file != null) {
      byte[] unused = read(file);
    }
  }

  /**
   * Returns whether the header {@code Authorization} has the token.
   *
   * @throws UncheckedIOException if the file cannot be read or is empty
   */
  boolean allows(String header) {
    byte[] wanted = file == null ? fixed : read(file);
    return wanted == null
        || (header.regionMatches(true, 0, "Bearer ", 0, 7)
            && MessageDigest.isEqual(wanted, header.substring(7).getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] read(Path file) {
    try {
      String text = Files.readString(file).strip();
      if (text.isEmpty()) {
        throw new IOException("it is empty");
      }
      return text.getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot read the token for profiles from " + file + ": " + e, e);
    }
  }
}
