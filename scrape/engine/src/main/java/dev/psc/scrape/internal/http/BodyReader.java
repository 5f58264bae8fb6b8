package dev.psc.scrape.internal.http;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A subscriber that collects a body up to a limit and stops reading beyond it. Can be cancelled at
 * any time. The bytes are copied, as the client's buffers may be far larger than their content.
 */
final class BodyReader implements HttpResponse.BodySubscriber<byte[]> {

  private static final int FIRST_BYTES = 8 << 10;

  /** How much memory an announced length gets in advance, as a multiple of what has arrived. */
  private static final int TRUST = 4;

  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private final URI uri;
  private final int limitBytes;
  private final boolean cut;
  private final long expectedBytes;
  private final AtomicLong bytesInFlight;
  private final long maxBytesInFlight;

  // Guarded by this.
  private Flow.@Nullable Subscription subscription;
  private byte[] bytes = new byte[0];
  private int size;
  private boolean ended;

  /**
   * @param uri the URL, for messages
   * @param limitBytes the limit on the body
   * @param cut whether a longer body is cut there; it fails otherwise
   * @param expectedBytes the length that the server announces, or 0
   * @param bytesInFlight counts the bytes that all readers hold
   * @param maxBytesInFlight limit on bytes buffered by all readers together
   */
  BodyReader(
      URI uri,
      long limitBytes,
      boolean cut,
      long expectedBytes,
      AtomicLong bytesInFlight,
      long maxBytesInFlight) {
    this.uri = uri;
    this.limitBytes = (int) Math.min(limitBytes, Integer.MAX_VALUE - 8);
    this.cut = cut;
    this.expectedBytes = expectedBytes;
    this.bytesInFlight = bytesInFlight;
    this.maxBytesInFlight = maxBytesInFlight;
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    boolean stop;
    synchronized (this) {
      this.subscription = subscription;
      stop = ended;
    }
    if (stop) {
      subscription.cancel();
    } else {
      subscription.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    for (ByteBuffer buffer : buffers) {
      HttpFailure failure;
      synchronized (this) {
        if (ended) {
          return;
        }
        int room = limitBytes - size;
        boolean tooLong = buffer.remaining() > room;
        if (!tooLong || cut) {
          add(buffer, Math.min(room, buffer.remaining()));
        }
        failure =
            bytesInFlight.get() > maxBytesInFlight ? overloaded() : tooLong ? tooLarge() : null;
      }
      if (failure != null) {
        if (cut && failure.outcome() == ScrapeOutcome.TOO_LARGE) {
          finish();
        } else {
          end(failure);
        }
        stop();
        return;
      }
    }
  }

  private void add(ByteBuffer buffer, int length) {
    long needed = size + (long) length;
    if (needed > bytes.length) {
      long wanted = Math.max(Math.max(FIRST_BYTES, needed), bytes.length * 2L);
      if (expectedBytes >= needed && expectedBytes <= needed * TRUST) {
        wanted = expectedBytes;
      }
      bytes = Arrays.copyOf(bytes, (int) Math.min(limitBytes, wanted));
    }
    buffer.get(bytes, size, length);
    size += length;
    bytesInFlight.addAndGet(length);
  }

  private HttpFailure tooLarge() {
    return new HttpFailure(
        ScrapeOutcome.TOO_LARGE,
        LogSafe.url(uri)
            + ": the response is larger than the limit of "
            + limitBytes
            + " bytes; raise body_size_limit if the size is expected");
  }

  private HttpFailure overloaded() {
    return new HttpFailure(
        ScrapeOutcome.OVERLOADED,
        LogSafe.url(uri)
            + ": responses being read exceed "
            + maxBytesInFlight
            + " bytes in total; scrape fewer targets concurrently, or raise the limit on bytes"
            + " in flight");
  }

  @Override
  public void onError(Throwable failure) {
    end(failure);
  }

  @Override
  public void onComplete() {
    finish();
  }

  private void finish() {
    byte[] whole;
    synchronized (this) {
      if (ended) {
        return;
      }
      whole = bytes.length == size ? bytes : Arrays.copyOf(bytes, size);
      release();
    }
    body.complete(whole);
  }

  private void end(Throwable failure) {
    synchronized (this) {
      if (ended) {
        return;
      }
      release();
    }
    body.completeExceptionally(failure);
  }

  private void release() {
    ended = true;
    bytesInFlight.addAndGet(-size);
    bytes = new byte[0];
    size = 0;
  }

  private void stop() {
    Flow.Subscription current;
    synchronized (this) {
      current = subscription;
    }
    if (current != null) {
      current.cancel();
    }
  }

  /** Stops reading, discards the bytes read so far and closes the connection. */
  void cancel() {
    end(new HttpFailure(ScrapeOutcome.TIMEOUT, "the response is no longer read"));
    stop();
  }
}
