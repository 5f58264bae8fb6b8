package dev.psc.scrape.internal.http;

import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A request of a {@link PlainClient} and its response. It completes when the response ends; a
 * failure in the body goes to the body's reader. Cancelling it closes its connection.
 */
final class PlainCall extends CompletableFuture<@Nullable Void> implements Flow.Subscription {

  private final byte[] head;
  private final Function<HttpResponse.ResponseInfo, BodyReader> readers;

  // Guarded by this.
  private @Nullable PlainConnection connection;
  private boolean reused;

  private volatile boolean anyByte;

  // Of the connection's thread.
  private @Nullable BodyReader reader;

  /** The status line and the headers. */
  private record Head(int statusCode, HttpHeaders headers) implements HttpResponse.ResponseInfo {
    @Override
    public HttpClient.Version version() {
      return HttpClient.Version.HTTP_1_1;
    }
  }

  /**
   * @param head the bytes of the request
   * @param readers returns the reader of the body of a response
   */
  PlainCall(byte[] head, Function<HttpResponse.ResponseInfo, BodyReader> readers) {
    this.head = head;
    this.readers = readers;
  }

  ByteBuffer request() {
    return ByteBuffer.wrap(head);
  }

  /** Returns whether the call goes on, on a connection that has been used before or not. */
  synchronized boolean proceed(PlainConnection connection, boolean reused) {
    if (isDone()) {
      return false;
    }
    this.connection = connection;
    this.reused = reused;
    return true;
  }

  void bytesReceived() {
    anyByte = true;
  }

  /** Returns whether the server may have closed the connection before it saw the request. */
  synchronized boolean mayBeSentAgain() {
    return reused && !anyByte && !isDone();
  }

  void head(int status, HttpHeaders headers) {
    BodyReader body = readers.apply(new Head(status, headers));
    reader = body;
    body.onSubscribe(this);
  }

  BodyReader body() {
    return Objects.requireNonNull(reader);
  }

  void complete() {
    body().onComplete();
    complete(null);
  }

  void fail(Throwable failure) {
    BodyReader body = reader;
    if (body != null) {
      body.onError(failure);
    }
    completeExceptionally(failure);
  }

  /** The body is passed on as it arrives. */
  @Override
  public void request(long parts) {}

  /** Closes the connection, as the rest of the body is not wanted. */
  @Override
  public void cancel() {
    PlainConnection current;
    synchronized (this) {
      current = connection;
    }
    if (current != null) {
      current.abandon(this);
    }
  }

  @Override
  public boolean cancel(boolean mayInterrupt) {
    boolean cancelled = super.cancel(mayInterrupt);
    cancel();
    return cancelled;
  }
}
