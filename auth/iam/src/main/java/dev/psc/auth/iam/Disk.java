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

/** The steps of replacing a file so that a crash at any instant leaves the old or the new one. */
class Disk {

  private static final Logger log = LoggerFactory.getLogger(Disk.class);

  /** Writes a new file that only this user may read, and waits until it is on the disk. */
  void writeAndSync(Path path, byte[] bytes) throws IOException {
    Files.deleteIfExists(path);
    try {
      Files.createFile(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } catch (UnsupportedOperationException e) {
      log.debug("{}: this file system has no POSIX permissions", path, e);
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

  /** Puts a file in the place of another, at one instant. */
  void replace(Path by, Path path) throws IOException {
    Files.move(by, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Waits until the names of a directory are on the disk. */
  void syncDirectory(Path directory) {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows cannot open directories; its rename is as durable as it gets.
      log.debug("{}: the directory cannot be synced", directory, e);
    }
  }
}
