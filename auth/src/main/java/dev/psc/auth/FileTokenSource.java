package dev.psc.auth;

import dev.psc.auth.TokenFormatException.Problem;
import dev.psc.net.DaemonThreads;
import dev.psc.net.RegularFile;
import dev.psc.net.UncaughtErrors;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A token source that reads a file, which may be rotated at any time: by rewriting it, by renaming
 * another file over it, or by swapping a symbolic link as Kubernetes does for mounted secrets.
 *
 * <p>One daemon thread reads the whole file, at most 16 KiB, every interval, and compares the
 * content. <b>The promise:</b> every call carries a new token at most one interval, plus the time
 * to read it, after the token is in the file; sooner if the store refuses the old one. Calls never
 * read the file.
 *
 * <p>While the file is missing, empty, half written or unreadable, the last good token stays in
 * use, and the problem is reported to listener and log. White space and a UTF-8 byte order mark
 * around the token are ignored. Pipes and devices are refused. A file that all users of the machine
 * may read causes a warning.
 *
 * <p>Thread-safe. The caller closes the source; a closed source returns the last token and no
 * longer reads the file.
 */
public final class FileTokenSource implements TokenSource {

  private static final Logger logger = LoggerFactory.getLogger(FileTokenSource.class);
  private static final int LIMIT_BYTES = 16 * 1024;

  private final Path path;
  private final boolean jwtProjectTokens;
  private final Consumer<TokenFileStatus> listener;
  private final ScheduledThreadPoolExecutor reader;
  private final AtomicReference<@Nullable CompletableFuture<BearerToken>> asked =
      new AtomicReference<>();
  private volatile BearerToken token;
  private volatile TokenFileStatus status;

  private FileTokenSource(Builder builder) {
    path = builder.path;
    jwtProjectTokens = builder.jwtProjectTokens;
    listener = builder.listener;
    token = readAtStart();
    status = new TokenFileStatus(path, token.fingerprint(), Optional.empty(), Instant.now());
    warnIfOthersMayRead();
    reader = new ScheduledThreadPoolExecutor(1, builder.threads);
    reader.setRemoveOnCancelPolicy(true);
    long interval = builder.interval.toNanos();
    ScheduledFuture<?> unused =
        reader.scheduleWithFixedDelay(this::readSafely, interval, interval, TimeUnit.NANOSECONDS);
  }

  /** Returns a builder for the source of a file's token. */
  public static Builder builder(Path path) {
    return new Builder(path);
  }

  @Override
  public BearerToken token() {
    return token;
  }

  @Override
  public CompletionStage<BearerToken> reread() {
    CompletableFuture<BearerToken> mine = new CompletableFuture<>();
    while (!asked.compareAndSet(null, mine)) {
      // A requested read that has not begun yet will see the current content as well.
      CompletableFuture<BearerToken> earlier = asked.get();
      if (earlier != null) {
        return earlier.copy();
      }
    }
    try {
      reader.execute(this::readSafely);
    } catch (RejectedExecutionException e) {
      asked.compareAndSet(mine, null);
      mine.complete(token);
    }
    return mine.copy();
  }

  /** Returns the current status of the file. */
  public TokenFileStatus status() {
    return status;
  }

  /** Stops reading the file; does not wait for a blocked read. */
  @Override
  public void close() {
    reader.shutdownNow();
    CompletableFuture<BearerToken> waiting = asked.getAndSet(null);
    if (waiting != null) {
      waiting.complete(token);
    }
  }

  /** Returns the file and the token's fingerprint. */
  @Override
  public String toString() {
    return "FileTokenSource(" + path + ", #" + token.fingerprint() + ")";
  }

  private BearerToken readAtStart() {
    try {
      return read();
    } catch (TokenFormatException e) {
      throw new TokenUnavailableException("token file " + path + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new TokenUnavailableException("token file " + path + ": " + reasonOf(e), e);
    }
  }

  private BearerToken read() throws IOException {
    RegularFile.check(path);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(LIMIT_BYTES + 1);
    }
    if (bytes.length > LIMIT_BYTES) {
      throw new TokenFormatException(
          Problem.LENGTH,
          "the file must have at most " + LIMIT_BYTES + " bytes; it is not a token");
    }
    String text = TokenText.of(bytes);
    return jwtProjectTokens && JwtProjectToken.hasShape(text)
        ? JwtProjectToken.parse(text)
        : ServiceAccountToken.parse(text);
  }

  private static String reasonOf(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "file not found: write the service account token to it";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied: change its owner or mode";
    }
    if (e instanceof FileSystemException fault
        && "is not a regular file".equals(fault.getReason())) {
      return "is not a regular file: use a file, not a pipe, device or directory";
    }
    return "cannot be read (" + e.getClass().getSimpleName() + ")";
  }

  private void readSafely() {
    // Taken before reading: later requests need another read.
    CompletableFuture<BearerToken> waiting = asked.getAndSet(null);
    try {
      readAgain();
    } catch (RuntimeException | StackOverflowError e) {
      // Otherwise the schedule would end silently.
      logger.error("Token file {} cannot be read; the last good token stays in use", path, e);
    } catch (Error e) {
      UncaughtErrors.report(e);
    }
    if (waiting != null) {
      waiting.complete(token);
    }
  }

  private void readAgain() {
    try {
      BearerToken read = read();
      boolean changed = !read.equals(token);
      token = read;
      if (changed) {
        logger.info("Token file {}: the token is now #{}", path, read.fingerprint());
        report(Optional.empty());
      } else if (!status.current()) {
        logger.info("Token file {} is usable again, token #{}", path, read.fingerprint());
        report(Optional.empty());
      }
    } catch (TokenFormatException e) {
      keepLast(Objects.requireNonNull(e.getMessage()));
    } catch (IOException e) {
      keepLast(reasonOf(e));
    }
  }

  private void keepLast(String problem) {
    if (status.problem().equals(Optional.of(problem))) {
      return;
    }
    logger.warn(
        "Token file {}: {}; the last good token #{} stays in use",
        path,
        problem,
        token.fingerprint());
    report(Optional.of(problem));
  }

  private void report(Optional<String> problem) {
    status = new TokenFileStatus(path, token.fingerprint(), problem, Instant.now());
    try {
      listener.accept(status);
    } catch (RuntimeException e) {
      logger.warn("Token file {}: a listener failed", path, e);
    }
  }

  private void warnIfOthersMayRead() {
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(path);
      if (permissions.contains(PosixFilePermission.OTHERS_READ)) {
        logger.warn(
            "Token file {} is readable by every user of this machine ({}): run chmod 600",
            path,
            PosixFilePermissions.toString(permissions));
      }
    } catch (IOException | UnsupportedOperationException e) {
      logger.debug("Token file {}: cannot read its permissions", path, e);
    }
  }

  /** A builder of {@link FileTokenSource}. Not thread-safe. */
  public static final class Builder {

    private static final Duration INTERVAL_LIMIT = Duration.ofSeconds(60);

    private final Path path;
    private boolean jwtProjectTokens;
    private Duration interval = Duration.ofSeconds(5);
    private Consumer<TokenFileStatus> listener = status -> {};
    private ThreadFactory threads = DaemonThreads.named("psc-token-file");

    private Builder(Path path) {
      this.path = Objects.requireNonNull(path, "path");
    }

    /**
     * Accepts project tokens of the older scheme too, see {@link JwtProjectToken}. By default such
     * a file is refused with the steps of a migration.
     */
    public Builder allowProjectToken() {
      jwtProjectTokens = true;
      return this;
    }

    /**
     * Sets how often the file is read: 5 s by default, from 10 ms to 60 s.
     *
     * @throws IllegalArgumentException if out of range
     */
    public Builder interval(Duration interval) {
      if (interval.compareTo(Duration.ofMillis(10)) < 0 || interval.compareTo(INTERVAL_LIMIT) > 0) {
        throw new IllegalArgumentException(
            "interval must be between 10 ms and 60 s, but was " + interval);
      }
      this.interval = interval;
      return this;
    }

    /**
     * Sets a listener of changes of the {@linkplain FileTokenSource#status() status}. It is called
     * on the reading thread and must not block for long. Its exceptions are logged.
     */
    public Builder listener(Consumer<TokenFileStatus> listener) {
      this.listener = Objects.requireNonNull(listener, "listener");
      return this;
    }

    /** Sets the factory of the reading thread; a daemon named {@code psc-token-file} by default. */
    public Builder threadFactory(ThreadFactory threadFactory) {
      this.threads = Objects.requireNonNull(threadFactory, "threadFactory");
      return this;
    }

    /**
     * Reads the file and starts watching it.
     *
     * @throws TokenUnavailableException if the file cannot be read or contains no token
     */
    public FileTokenSource open() {
      return new FileTokenSource(this);
    }
  }
}
