package dev.psc.delivery.internal.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The file system as the spool needs it, replaced in tests to make it fail. */
public interface Disk {

  /** Makes a directory for its owner only, where the file system can; nothing if it is there. */
  void createDirectory(Path directory) throws IOException;

  List<Path> list(Path directory) throws IOException;

  boolean exists(Path file);

  /** Deletes a file if it is there. */
  void delete(Path file) throws IOException;

  /** Opens a file to append to, and makes it if it is not there. */
  DiskFile append(Path file) throws IOException;

  DiskFile read(Path file) throws IOException;

  /** Locks a file against other processes and ourselves, or returns nothing when it is locked. */
  Optional<Closeable> lock(Path file) throws IOException;

  /** Returns who wrote itself into a lock file, for messages. */
  String lockOwner(Path file);

  /** An open file. */
  interface DiskFile extends Closeable {

    /** Writes all of a buffer at the end. */
    void write(ByteBuffer buffer) throws IOException;

    /** Reads into a buffer, as much as there is. Returns less than 1 at the end. */
    int read(ByteBuffer buffer, long position) throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    /** Returns when everything written is on the device. */
    void force() throws IOException;
  }
}
