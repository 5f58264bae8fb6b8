package dev.psc.delivery;

import dev.psc.delivery.internal.spool.Disk;
import dev.psc.delivery.internal.spool.NioDisk;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** The real file system with injected failures. */
final class FaultyDisk implements Disk {

  private final Disk disk = new NioDisk();
  private volatile String writeError = "";
  private volatile String forceError = "";
  private volatile String readError = "";
  private final AtomicReference<Runnable> duringNextWrite = new AtomicReference<>();
  final AtomicInteger forces = new AtomicInteger();

  /** Runs an action in the middle of the next write. */
  void duringNextWrite(Runnable action) {
    duringNextWrite.set(action);
  }

  /** Makes writes and new files fail with a message, or work again when it is empty. */
  FaultyDisk writeError(String message) {
    writeError = message;
    return this;
  }

  FaultyDisk forceError(String message) {
    forceError = message;
    return this;
  }

  FaultyDisk readError(String message) {
    readError = message;
    return this;
  }

  private static void fail(String message) throws IOException {
    if (!message.isEmpty()) {
      throw new IOException(message);
    }
  }

  @Override
  public void createDirectory(Path directory) throws IOException {
    fail(writeError);
    disk.createDirectory(directory);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    return disk.list(directory);
  }

  @Override
  public boolean exists(Path file) {
    return disk.exists(file);
  }

  @Override
  public void delete(Path file) throws IOException {
    disk.delete(file);
  }

  @Override
  public DiskFile append(Path file) throws IOException {
    return new FaultyFile(disk.append(file));
  }

  @Override
  public DiskFile read(Path file) throws IOException {
    fail(readError);
    return new FaultyFile(disk.read(file));
  }

  @Override
  public Optional<Closeable> lock(Path file) throws IOException {
    return disk.lock(file);
  }

  @Override
  public String lockOwner(Path file) {
    return disk.lockOwner(file);
  }

  private final class FaultyFile implements DiskFile {

    private final DiskFile file;

    FaultyFile(DiskFile file) {
      this.file = file;
    }

    @Override
    public void write(ByteBuffer buffer) throws IOException {
      Runnable action = duringNextWrite.getAndSet(null);
      if (action != null) {
        action.run();
      }
      if (!writeError.isEmpty()) {
        // As a full disk does: some of it is written.
        ByteBuffer half = buffer.duplicate();
        half.limit(half.position() + half.remaining() / 2);
        file.write(half);
        fail(writeError);
      }
      file.write(buffer);
    }

    @Override
    public int read(ByteBuffer buffer, long position) throws IOException {
      fail(readError);
      return file.read(buffer, position);
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      // Counted, not done: what the device has is not seen by a test anyway.
      fail(forceError);
      forces.incrementAndGet();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
