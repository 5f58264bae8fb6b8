package dev.psc.delivery.internal.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The file operations of the spool, replaced in tests by failing ones. */
public interface Disk {

  /** Creates a missing directory, readable by its owner only if the file system supports it. */
  void createDirectory(Path directory) throws IOException;

  List<Path> list(Path directory) throws IOException;

  boolean exists(Path file);

  /** Deletes a file if it exists. */
  void delete(Path file) throws IOException;

  /** Opens a file for appending; creates a missing one. */
  DiskFile append(Path file) throws IOException;

  DiskFile read(Path file) throws IOException;

  /** Locks a file, or returns empty if another process or delivery has locked it. */
  Optional<Closeable> lock(Path file) throws IOException;

  /** Returns the owner named in a lock file, for messages. */
  String lockOwner(Path file);

  /** An open file. */
  interface DiskFile extends Closeable {

    /** Writes all of a buffer at the end. */
    void write(ByteBuffer buffer) throws IOException;

    /** Reads into a buffer until it is full or the file ends; returns less than 1 at the end. */
    int read(ByteBuffer buffer, long position) throws IOException;

    long size() throws IOException;

    void truncate(long size) throws IOException;

    /** Forces all written bytes to the device. */
    void force() throws IOException;
  }
}
