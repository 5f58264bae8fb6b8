package dev.psc.delivery.internal.send;

import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.internal.queue.LogThrottle;
import dev.psc.delivery.internal.queue.QueuedProfile;
import dev.psc.delivery.spi.RawProfile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A writer of rejected profiles and the sink's messages, up to a size. It has its own thread, so
 * that a slow disk does not delay sending.
 */
public final class DeadLetters {

  private static final Logger logger = LoggerFactory.getLogger(DeadLetters.class);
  private static final int MAX_WAITING = 256;

  private final Path directory;
  private final long maxBytes;
  private final DirectorySink files;
  private final LogThrottle throttle;
  private final ThreadPoolExecutor executor;

  /** Bytes in the directory, or -1 if not measured yet. */
  private long bytes = -1;

  public DeadLetters(
      Path directory, long maxBytes, ThreadFactory threads, String name, LogThrottle throttle) {
    this.directory = directory;
    this.maxBytes = maxBytes;
    this.files = DirectorySink.create(directory);
    this.throttle = throttle;
    this.executor =
        new ThreadPoolExecutor(
            1,
            1,
            5,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread thread = threads.newThread(task);
              thread.setName("psc-dead-letters-" + name);
              return thread;
            },
            (task, full) -> notWritten("more than " + MAX_WAITING + " wait to be written"));
    executor.allowCoreThreadTimeOut(true);
  }

  void write(QueuedProfile item) {
    String words = item.refusedReason + ": " + item.refusedMessage + "\n";
    executor.execute(() -> write(item.profile, words));
  }

  private void write(RawProfile profile, String words) {
    try {
      if (bytes < 0) {
        bytes = size();
      }
      if (bytes + profile.sizeBytes() + words.length() > maxBytes) {
        notWritten(directory + " holds deadLetterMaxBytes = " + maxBytes + ": empty it");
        return;
      }
      Path file = files.write(profile);
      Files.writeString(file.resolveSibling(file.getFileName() + ".reason.txt"), words);
      bytes += profile.sizeBytes() + words.getBytes(StandardCharsets.UTF_8).length;
    } catch (IOException e) {
      notWritten("cannot write below " + directory + ": " + e);
    }
  }

  private long size() throws IOException {
    if (!Files.isDirectory(directory)) {
      return 0;
    }
    long total = 0;
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
        total += Files.size(file);
      }
    }
    return total;
  }

  private void notWritten(String why) {
    throttle.run(
        "dead-letters",
        more -> logger.warn("A rejected profile was not kept: {} ({} more since)", why, more));
  }

  /** Waits for running writes, for a bounded time. */
  public void close(long nanos) throws InterruptedException {
    executor.shutdown();
    if (!executor.awaitTermination(Math.max(0, nanos), TimeUnit.NANOSECONDS)) {
      executor.shutdownNow();
    }
  }
}
