package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.runtime.CaptureUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of the flight recorder's working files, {@code <base>/psc-jfr-<user>/<pid>-<time>},
 * with a locked file in it. The next process removes the directories of killed processes, which it
 * recognizes by the free lock; a pid is not unique where containers share a volume. Thread-safe.
 */
public final class JfrRepository {

  private static final Logger logger = LoggerFactory.getLogger(JfrRepository.class);
  private static final String LOCK = "lock";

  /**
   * Keeps other copies of this class in the process from opening the lock file: closing it would
   * release the lock. Not the name of a package, which relocation would change.
   */
  private static final String IN_USE = "psc.profiling.repository.";

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final FileAttribute<?>[] PRIVATE = {
    PosixFilePermissions.asFileAttribute(OWNER_ONLY)
  };
  private static final FileAttribute<?>[] NOTHING = {};

  private static final Duration UNLOCKED_AGE = Duration.ofMinutes(10);

  private final Path base;
  private final Path directory;
  private @Nullable FileChannel lock;

  /**
   * @param configured the parent directory, or null for the temporary directory
   */
  public JfrRepository(@Nullable Path configured) {
    Path parent =
        configured == null ? Path.of(System.getProperty("java.io.tmpdir", "/tmp")) : configured;
    String user = System.getProperty("user.name", "").replaceAll("[^A-Za-z0-9_.-]", "_");
    this.base = parent.toAbsolutePath().resolve("psc-jfr-" + user);
    this.directory =
        base.resolve(ProcessHandle.current().pid() + "-" + Long.toString(System.nanoTime(), 36));
  }

  /** Returns whether this directory exists and is in use. */
  synchronized boolean isOurs() {
    return wasMade;
  }

  private boolean wasMade;

  /**
   * Creates and locks the directory if necessary, and removes those of dead processes.
   *
   * @throws CaptureUnavailableException if it cannot be written
   */
  public synchronized Path create() {
    if (lock != null) {
      return directory;
    }
    try {
      createPrivately();
      // Deleted in reverse order after all shutdown hooks, the flight recorder's own too.
      base.toFile().deleteOnExit();
      directory.toFile().deleteOnExit();
      Path file = directory.resolve(LOCK);
      lock = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      file.toFile().deleteOnExit();
      if (lock.tryLock() == null) {
        throw new IOException(file + " is locked by another process");
      }
      System.setProperty(IN_USE + directory, "");
      wasMade = true;
    } catch (IOException | UncheckedIOException e) {
      close();
      throw new CaptureUnavailableException(
          "the flight recorder's directory "
              + directory
              + " cannot be created ("
              + e
              + "): set repository to a writable directory",
          e);
    }
    sweep();
    return directory;
  }

  /**
   * Creates both directories for this user alone.
   *
   * @throws IOException if the outer one is not a directory, or another user's, who could read and
   *     replace what is in it
   */
  private void createPrivately() throws IOException {
    Files.createDirectories(base.getParent());
    boolean posix = base.getFileSystem().supportedFileAttributeViews().contains("posix");
    try {
      Files.createDirectory(base, posix ? PRIVATE : NOTHING);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(base, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(base + " exists and is not a directory", e);
      }
    }
    Files.createDirectory(directory, posix ? PRIVATE : NOTHING);
    if (posix) {
      UserPrincipal owner = Files.getOwner(base, LinkOption.NOFOLLOW_LINKS);
      if (!owner.equals(Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS))) {
        Files.deleteIfExists(directory);
        throw new IOException(base + " belongs to another user, " + owner.getName());
      }
      Files.setPosixFilePermissions(base, OWNER_ONLY);
    }
  }

  /** Removes the directory if it is unused; otherwise it is removed when the JVM exits. */
  public synchronized void close() {
    FileChannel held = lock;
    if (held == null) {
      return;
    }
    try (DirectoryStream<Path> content = Files.newDirectoryStream(directory)) {
      for (Path entry : content) {
        if (!entry.getFileName().toString().equals(LOCK)) {
          return; // another recording still writes here
        }
      }
    } catch (NoSuchFileException e) {
      logger.debug("{} has already been removed", directory);
    } catch (IOException e) {
      logger.debug("Failed to list {}", directory, e);
      return;
    }
    lock = null;
    System.clearProperty(IN_USE + directory);
    try {
      held.close();
      Files.deleteIfExists(directory.resolve(LOCK));
      Files.deleteIfExists(directory);
      Files.deleteIfExists(base);
    } catch (java.nio.file.DirectoryNotEmptyException e) {
      logger.debug("{} is used by other processes", base);
    } catch (IOException e) {
      logger.debug("Failed to remove {}", directory, e);
    }
  }

  private void sweep() {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(base)) {
      for (Path entry : entries) {
        if (!entry.equals(directory)
            && Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)
            && isDead(entry)) {
          deleteTree(entry);
          logger.info("Removed {} of a killed process", entry);
        }
      }
    } catch (IOException e) {
      logger.debug("Failed to search {} for directories of killed processes", base, e);
    }
  }

  private static boolean isDead(Path entry) {
    if (System.getProperty(IN_USE + entry) != null) {
      return false;
    }
    Path file = entry.resolve(LOCK);
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false; // Opening a pipe would block.
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock free = channel.tryLock()) {
      return free != null;
    } catch (OverlappingFileLockException e) {
      return false;
    } catch (NoSuchFileException e) {
      return isOlderThan(entry, UNLOCKED_AGE);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isOlderThan(Path entry, Duration age) {
    try {
      FileTime modified = Files.getLastModifiedTime(entry);
      return modified.toInstant().isBefore(Instant.now().minus(age));
    } catch (IOException e) {
      return false;
    }
  }

  private static void deleteTree(Path root) throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException failure)
              throws IOException {
            Files.deleteIfExists(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
