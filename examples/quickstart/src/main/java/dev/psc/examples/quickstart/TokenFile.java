package dev.psc.examples.quickstart;

import dev.psc.auth.ServiceAccountToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** A file with a token that only its owner can read. */
final class TokenFile {

  private TokenFile() {}

  static void write(Path file, ServiceAccountToken token) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.deleteIfExists(file);
    try {
      Files.createFile(
          file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (UnsupportedOperationException e) {
      // The file system has no POSIX permissions, as on Windows.
      Files.createFile(file);
    }
    Files.writeString(file, token.reveal() + "\n");
  }

  static ServiceAccountToken read(Path file) throws IOException {
    return ServiceAccountToken.parse(Files.readString(file).strip());
  }
}
