package dev.psc.scrape.http;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Collects a body up to a limit and stops reading beyond it. Can be cancelled at any time. */
final class BodyReader implements HttpResponse.BodySubscriber<byte[]> {

  private final CompletableFuture<byte[]> body = new CompletableFuture<>();
  private final List<ByteBuffer> parts = new ArrayList<>();
  private final long limitBytes;
  private final boolean cut;
  private final AtomicLong bytesInFlight;
  private final long maxBytesInFlight;
  private Flow.@Nullable Subscription subscription;
  private boolean cancelled;
  private long size;

  /**
   * @param limitBytes as much is read at most
   * @param cut whether a longer body is cut there; it fails otherwise
   * @param bytesInFlight counts the bytes that all readers hold
   * @param maxBytesInFlight as many may all readers hold
   */
  BodyReader(long limitBytes, boolean cut, AtomicLong bytesInFlight, long maxBytesInFlight) {
    this.limitBytes = limitBytes;
    this.cut = cut;
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
      stop = cancelled;
    }
    if (stop) {
      subscription.cancel();
    } else {
      subscription.request(Long.MAX_VALUE);
    }
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    if (body.isDone()) {
      return;
    }
    for (ByteBuffer buffer : buffers) {
      int length = buffer.remaining();
      size += length;
      if (size > limitBytes) {
        if (cut) {
          add(buffer.slice(0, (int) (length - (size - limitBytes))));
          size = limitBytes;
          finish();
        } else {
          fail(
              new HttpFailure(
                  ScrapeOutcome.TOO_LARGE,
                  "the answer is larger than the limit of "
                      + limitBytes
                      + " bytes; raise body_size_limit if it is meant to be"));
        }
        cancel();
        return;
      }
      if (bytesInFlight.get() > maxBytesInFlight) {
        fail(
            new HttpFailure(
                ScrapeOutcome.OVERLOADED,
                "answers that are being read hold more than "
                    + maxBytesInFlight
                    + " bytes; scrape fewer targets at once or allow more bytes in flight"));
        cancel();
        return;
      }
      add(buffer);
    }
  }

  private void add(ByteBuffer buffer) {
    parts.add(buffer);
    bytesInFlight.addAndGet(buffer.remaining());
  }

  @Override
  public void onError(Throwable failure) {
    fail(failure);
  }

  @Override
  public void onComplete() {
    finish();
  }

  private void finish() {
    byte[] whole = new byte[(int) size];
    int at = 0;
    for (ByteBuffer part : parts) {
      int length = part.remaining();
      part.get(whole, at, length);
      at += length;
    }
    release(at);
    body.complete(whole);
  }

  private void fail(Throwable failure) {
    long held = 0;
    for (ByteBuffer part : parts) {
      held += part.remaining();
    }
    release(held);
    body.completeExceptionally(failure);
  }

  private void release(long bytes) {
    parts.clear();
    bytesInFlight.addAndGet(-bytes);
  }

  /** Stops reading; the connection is closed. */
  void cancel() {
    Flow.Subscription current;
    synchronized (this) {
      cancelled = true;
      current = subscription;
    }
    if (current != null) {
      current.cancel();
    }
  }
}
