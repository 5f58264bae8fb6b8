package dev.psc.scrape.kubernetes;

import dev.psc.scrape.http.HttpStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A guard that ends a stream from outside its reader: it closes the stream, and the reader fails
 * with the reason. Thread-safe.
 */
final class StreamGuard {

  private final HttpStream stream;
  private volatile @Nullable String reason;
  private volatile boolean stalled;
  private volatile long heardNanos = System.nanoTime();

  StreamGuard(HttpStream stream) {
    this.stream = stream;
  }

  /** Ends the stream; the first reason is the one that is reported. */
  void end(String reason) {
    if (this.reason == null) {
      this.reason = reason;
    }
    stream.close();
  }

  /** Ends the stream of a server that does not answer. */
  void stall(String reason) {
    stalled = true;
    end(reason);
  }

  /** Returns whether the server did not answer. */
  boolean stalled() {
    return stalled;
  }

  /** Returns the time since the last byte. */
  long silentNanos() {
    return System.nanoTime() - heardNanos;
  }

  /** Ends the stream after a time; the result is to be cancelled at the end. */
  Future<?> deadline(ScheduledExecutorService scheduler, Duration limit) {
    return scheduler.schedule(
        () -> end("not complete within " + limit.toMillis() + " ms"),
        limit.toNanos(),
        TimeUnit.NANOSECONDS);
  }

  /**
   * Returns the body, whose reads fail with the reason instead of "closed".
   *
   * @param heard runs after each read
   */
  InputStream in(Runnable heard) {
    return new FilterInputStream(stream.body()) {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] buffer, int offset, int length) throws IOException {
        try {
          int count = super.read(buffer, offset, length);
          heardNanos = System.nanoTime();
          heard.run();
          return count;
        } catch (IOException e) {
          String ended = reason;
          throw ended == null ? e : new IOException(ended, e);
        }
      }
    };
  }
}
