package dev.psc.scrape.internal.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of a {@link PlainClient}, with at most one call at a time. Callers start calls, and
 * the client's thread reads; what is called from outside is thread-safe.
 */
final class PlainConnection {

  private static final Logger logger = LoggerFactory.getLogger(PlainConnection.class);

  /** How often a connection is read before others have their turn. */
  private static final int READS_PER_TURN = 16;

  private final PlainClient client;
  private final InetSocketAddress address;
  private final SocketChannel channel;

  // Guarded by this.
  private @Nullable PlainCall call;
  private @Nullable ByteBuffer unsent;
  private boolean connected;
  private boolean closed;
  private Deadlines.@Nullable Deadline connectDeadline;
  private long idleSinceNanos;

  // Of the client's thread.
  private @Nullable ResponseParser parser;
  private @Nullable PlainCall parsed;

  PlainConnection(PlainClient client, InetSocketAddress address, SocketChannel channel) {
    this.client = client;
    this.address = address;
    this.channel = channel;
  }

  InetSocketAddress address() {
    return address;
  }

  SocketChannel channel() {
    return channel;
  }

  synchronized boolean isIdleSince(long nanos) {
    return call == null && idleSinceNanos - nanos <= 0;
  }

  /** Limits the time of connecting. */
  synchronized void connectUntil(Deadlines.Deadline deadline) {
    if (connected || closed) {
      deadline.cancel();
    } else {
      connectDeadline = deadline;
    }
  }

  /**
   * Sends a call's request, or as much as is possible at once.
   *
   * @return whether the client's thread is needed to send the rest
   * @throws IOException if the connection is closed or the call cancelled; {@link #fail} ends both
   */
  synchronized boolean start(PlainCall next) throws IOException {
    call = next;
    if (closed) {
      throw new IOException("the connection is closed");
    }
    if (next.isDone()) {
      throw new IOException("the call was cancelled before it was sent");
    }
    ByteBuffer request = next.request();
    unsent = request;
    if (!connected) {
      return false;
    }
    channel.write(request);
    return request.hasRemaining();
  }

  /** Returns the operations that the client's thread waits for. */
  synchronized int interest() {
    if (!connected) {
      return SelectionKey.OP_CONNECT;
    }
    boolean writes = unsent != null && unsent.hasRemaining();
    return writes ? SelectionKey.OP_READ | SelectionKey.OP_WRITE : SelectionKey.OP_READ;
  }

  /** Goes on after the channel has become ready. */
  void ready(SelectionKey key, ByteBuffer buffer) {
    try {
      if (key.isConnectable() && channel.finishConnect()) {
        connected();
      }
      if (key.isWritable()) {
        write();
      }
      if (key.isReadable()) {
        read(buffer);
      }
      if (key.isValid() && key.interestOps() != interest()) {
        key.interestOps(interest());
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e); // also without memory for one body: the thread goes on for the other connections
    }
  }

  /** Sends what waits for the connection, which is now established. */
  synchronized void connected() throws IOException {
    connected = true;
    connectedOrClosed();
    write();
  }

  private synchronized void connectedOrClosed() {
    if (connectDeadline != null) {
      connectDeadline.cancel();
      connectDeadline = null;
    }
  }

  private synchronized void write() throws IOException {
    if (unsent != null && connected) {
      channel.write(unsent);
    }
  }

  private void read(ByteBuffer buffer) throws IOException {
    for (int i = 0; i < READS_PER_TURN; i++) {
      PlainCall current;
      synchronized (this) {
        current = call; // before reading: what came while there was none is not for the next one
      }
      buffer.clear();
      int read = channel.read(buffer);
      if (read == 0) {
        return;
      }
      if (current == null) {
        closeIdle(); // closed by the server, or it sends what nobody has requested
        return;
      }
      ResponseParser response = parser(current);
      if (read < 0) {
        response.end();
      } else {
        current.bytesReceived();
        response.parse(buffer.flip());
      }
      if (response.isDone()) {
        // A full buffer may have left surplus bytes, which are not the next call's response.
        boolean exact = read > 0 && read < buffer.capacity() && !buffer.hasRemaining();
        finish(current, response.isKeptAlive() && exact);
        return;
      }
      if (read < 0 || read < buffer.capacity()) {
        return;
      }
    }
  }

  private ResponseParser parser(PlainCall current) {
    ResponseParser response = parser;
    if (response == null || parsed != current) {
      response =
          new ResponseParser(
              new ResponseParser.Receiver() {
                @Override
                public void head(int status, HttpHeaders headers) {
                  current.head(status, headers);
                }

                @Override
                public void body(ByteBuffer part) {
                  current.body().onNext(List.of(part));
                }
              });
      parser = response;
      parsed = current;
    }
    return response;
  }

  /** Makes the connection available before the call's receiver sends its next request. */
  private void finish(PlainCall done, boolean keptAlive) {
    parser = null;
    parsed = null;
    boolean reusable;
    synchronized (this) {
      reusable = keptAlive && !closed && (unsent == null || !unsent.hasRemaining());
      call = null;
      unsent = null;
      idleSinceNanos = System.nanoTime();
    }
    if (reusable) {
      client.release(this);
    } else {
      close();
    }
    try {
      done.complete();
    } catch (RuntimeException | Error e) {
      done.fail(e);
    }
  }

  /** Closes the connection and fails its call, or sends it again where that is safe. */
  void fail(Throwable failure) {
    PlainCall failed;
    boolean ended;
    synchronized (this) {
      // At once, as a call that started in between would be nobody's.
      failed = call;
      call = null;
      ended = end();
    }
    if (ended) {
      closeChannel();
    }
    if (failed != null) {
      client.failed(failed, address, failure);
    }
  }

  /** Closes the connection. A call that has just been started is sent again on another one. */
  void closeIdle() {
    fail(new IOException("the connection was closed while it was idle"));
  }

  /** Closes the connection if it is a call's, whose response is not wanted any more. */
  void abandon(PlainCall unwanted) {
    synchronized (this) {
      if (call != unwanted) {
        return;
      }
      call = null;
    }
    close();
  }

  void close() {
    if (end()) {
      closeChannel();
    }
  }

  /** Lets no call start any more; returns whether the channel is to be closed. */
  private synchronized boolean end() {
    if (closed) {
      return false;
    }
    closed = true;
    connectedOrClosed();
    return true;
  }

  private void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      logger.debug("Closing a connection to {} failed", address, e);
    }
    client.closed(this);
  }
}
