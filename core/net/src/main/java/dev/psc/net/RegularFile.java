package dev.psc.net;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** A check that a path is a regular file, since opening a pipe or a device may block forever. */
public final class RegularFile {

  private RegularFile() {}

  /**
   * Rejects directories, pipes, sockets and devices; symbolic links are followed.
   *
   * @throws FileSystemException if the path is not a regular file
   * @throws IOException if the file does not exist or cannot be accessed
   */
  public static void check(Path path) throws IOException {
    if (!Files.readAttributes(path, BasicFileAttributes.class).isRegularFile()) {
      throw new FileSystemException(path.toString(), null, "is not a regular file");
    }
  }
}
