package dev.psc.auth.iam;

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
 * The file of an access model: replaced whole, never written in place, and shared with other
 * processes, which see each other's changes.
 */
final class IamFile {

  /** What tells one content from the next without reading it: each is a file of its own. */
  record Stamp(@Nullable Object key, long modifiedNanos, long size) {}

  /** The content and its stamp. */
  record Content(IamData data, Stamp stamp) {}

  /** A part of a change that does input and output. */
  interface Step<T> {
    T run() throws IOException;
  }

  // A FileLock keeps other processes out, but is an error between threads of one.
  private static final ConcurrentHashMap<Path, ReentrantLock> LOCKS = new ConcurrentHashMap<>();

  private final Path path;
  private final Disk disk;

  IamFile(Path path, Disk disk) {
    this.path = path.toAbsolutePath().normalize();
    this.disk = disk;
  }

  /** Returns the file as it is now, or null when there is none. */
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
      throw new UncheckedIOException("access file " + path + " cannot be looked at", e);
    }
  }

  /** Returns the content, or null when there is no file. */
  @Nullable Content read() {
    // The stamp first: if the file is replaced in between, the next look finds another stamp.
    Stamp stamp = stamp();
    if (stamp == null) {
      return null;
    }
    try {
      return new Content(IamJson.read(Files.readString(path, StandardCharsets.UTF_8)), stamp);
    } catch (IOException e) {
      throw new UncheckedIOException("access file " + path + " cannot be read", e);
    } catch (IllegalArgumentException | IamException e) {
      throw new IllegalStateException(
          "access file " + path + " is damaged: " + e.getMessage() + "; restore or delete it", e);
    }
  }

  /** Runs while no other thread or process changes the file. */
  <T> T exclusively(Step<T> step) {
    ReentrantLock lock = LOCKS.computeIfAbsent(path, p -> new ReentrantLock());
    lock.lock();
    try (FileChannel channel =
            FileChannel.open(
                path.resolveSibling(path.getFileName() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock held = channel.lock()) {
      if (!held.isValid()) {
        throw new IOException("the lock beside it was lost");
      }
      return step.run();
    } catch (IOException e) {
      throw new UncheckedIOException("access file " + path + " cannot be changed", e);
    } finally {
      lock.unlock();
    }
  }

  /** Replaces the content; to be called exclusively. */
  @Nullable Stamp write(IamData data) throws IOException {
    Path fresh = path.resolveSibling(path.getFileName() + ".new");
    disk.writeAndSync(fresh, IamJson.write(data).getBytes(StandardCharsets.UTF_8));
    // The clock of a file system is coarse and inodes are used again: without this, two changes in
    // a row could leave a file that looks like the one before.
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
