package dev.psc.auth.iam;

import dev.psc.net.RegularFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The file of an access model. It is replaced as a whole and may be shared with other processes,
 * which see each other's changes.
 */
final class IamFile {

  /** The attributes by which a changed file is recognized without reading it. */
  record Stamp(@Nullable Object key, long modifiedNanos, long size) {}

  /** The content with its stamp. */
  record Content(IamData data, Stamp stamp) {}

  /** A step of a change that performs I/O. */
  interface Step<T> {
    T run() throws IOException;
  }

  /** Far more than thousands of accounts and tokens take. */
  private static final long MAX_BYTES = 16 << 20;

  // A FileLock excludes other processes, but fails between threads of one process.
  private static final ConcurrentHashMap<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

  private final Path path;
  private final Disk disk;

  IamFile(Path path, Disk disk) {
    this.path = path.toAbsolutePath().normalize();
    this.disk = disk;
  }

  /** Returns the current attributes of the file, or null if there is none. */
  @Nullable Stamp stamp() {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return new Stamp(
          attributes.fileKey(),
          attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS),
          attributes.size());
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw new UncheckedIOException("access file " + path + " cannot be accessed", e);
    }
  }

  /** Returns the content, or null if there is no file. */
  @Nullable Content read() {
    // The stamp is read first: if the file is replaced in between, the next check sees a change.
    Stamp stamp = stamp();
    if (stamp == null) {
      return null;
    }
    try {
      RegularFile.check(path);
      if (stamp.size() > MAX_BYTES) {
        throw new IOException("it is larger than " + MAX_BYTES + " bytes");
      }
      return new Content(IamJson.read(Files.readString(path, StandardCharsets.UTF_8)), stamp);
    } catch (IOException e) {
      throw new UncheckedIOException("access file " + path + " cannot be read", e);
    } catch (IllegalArgumentException | IamException e) {
      throw new IllegalStateException(
          "access file " + path + " is damaged: " + e.getMessage() + "; restore or delete it", e);
    }
  }

  /** Runs a step while no other thread or process changes the file. */
  <T> T exclusively(Step<T> step) {
    ReentrantLock lock = LOCKS.computeIfAbsent(path, p -> new ReentrantLock());
    lock.lock();
    try (FileChannel channel = lockFile();
        FileLock held = channel.lock()) {
      if (!held.isValid()) {
        throw new IOException("its lock file was lost");
      }
      return step.run();
    } catch (IOException e) {
      throw new UncheckedIOException("access file " + path + " cannot be changed", e);
    } finally {
      lock.unlock();
    }
  }

  private FileChannel lockFile() throws IOException {
    Path file = path.resolveSibling(path.getFileName() + ".lock");
    if (Files.exists(file)) {
      RegularFile.check(file);
    }
    return FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /** Replaces the content; called exclusively. */
  @Nullable Stamp write(IamData data) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    disk.writeAndSync(fresh, IamJson.write(data).getBytes(StandardCharsets.UTF_8));
    // File systems have coarse clocks and reuse inodes: without this, two consecutive changes could
    // leave a file with the attributes of the previous one.
    Stamp before = stamp();
    if (before != null) {
      long now = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis());
      long later = Math.max(now, before.modifiedNanos() + 1_000);
      Files.setLastModifiedTime(fresh, FileTime.from(later, TimeUnit.NANOSECONDS));
    }
    disk.replace(fresh, path);
    Path directory = path.getParent();
    if (directory != null) {
      disk.syncDirectory(directory);
    }
    return stamp();
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
