package dev.psc.auth.iam;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The steps of an atomic file replacement: a crash leaves either the old or the new content. */
class Disk {

  private static final Logger logger = LoggerFactory.getLogger(Disk.class);

  /** Writes a new file that only this user may read, and forces it to the device. */
  void writeAndSync(Path path, byte[] bytes) throws IOException {
    Files.deleteIfExists(path);
    try {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (UnsupportedOperationException e) {
      logger.debug("{}: this file system has no POSIX permissions", path, e);
      Files.createFile(path);
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        int unused = channel.write(buffer);
      }
      channel.force(true);
    }
  }

  /** Replaces a file atomically. */
  void replace(Path by, Path path) throws IOException {
    Files.move(by, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Forces the entries of a directory to the device. */
  void syncDirectory(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows cannot open directories.
      logger.debug("{}: the directory cannot be synced", directory, e);
    }
  }
}
