package dev.psc.scrape.internal.http;

import dev.psc.net.DaemonThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client for GET over HTTP/1.1 without TLS and proxy, which most targets are scraped with. A
 * request is written by its caller, and one thread reads all responses: where the JDK's client
 * needs some thirty system calls for a scrape, this one needs three. The thread starts with the
 * first request and ends when no connection is left. Thread-safe.
 */
final class PlainClient implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(PlainClient.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Go's server, too, keeps an idle connection for longer than most scrape intervals. */
  private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(90);

  private static final int BUFFER_BYTES = 64 << 10;
  private static final long SWEEP_NANOS = TimeUnit.SECONDS.toNanos(15);

  private final Deadlines deadlines;
  private final ThreadFactory threads;
  private final Queue<PlainConnection> changed = new ConcurrentLinkedQueue<>();

  // Guarded by this.
  private final Map<InetSocketAddress, Deque<PlainConnection>> idle = new HashMap<>();
  private @Nullable Selector selector;
  private int connections;
  private boolean closed;

  PlainClient(Deadlines deadlines) {
    this(deadlines, DaemonThreads.named("psc-scrape-http"));
  }

  PlainClient(Deadlines deadlines, ThreadFactory threads) {
    this.deadlines = deadlines;
    this.threads = threads;
  }

  /**
   * Sends a GET.
   *
   * @param request its headers are sent, with the URL's host as {@code Host} where they have none
   * @param address the server, with an address that is known
   * @param readers returns the reader of the body of a response
   */
  PlainCall send(
      HttpRequest request,
      InetSocketAddress address,
      Function<HttpResponse.ResponseInfo, BodyReader> readers) {
    PlainCall call = new PlainCall(head(request), readers);
    PlainConnection connection = idle(address);
    if (connection == null) {
      connect(call, address);
    } else {
      start(call, connection, true);
    }
    return call;
  }

  private static byte[] head(HttpRequest request) {
    StringBuilder head = new StringBuilder(512).append("GET ");
    URI uri = request.uri();
    if (!uri.toString().chars().allMatch(c -> c < 0x80)) {
      uri = URI.create(uri.toASCIIString());
    }
    String path = uri.getRawPath();
    String query = uri.getRawQuery();
    head.append(path == null || path.isEmpty() ? "/" : path);
    if (query != null) {
      head.append('?').append(query);
    }
    head.append(" HTTP/1.1\r\n");
    request
        .headers()
        .map()
        .forEach((name, values) -> values.forEach(value -> field(head, name, value)));
    if (request.headers().firstValue("Host").isEmpty()) {
      field(head, "Host", RoutePlanner.header(request.uri()));
    }
    return head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void field(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append("\r\n");
  }

  private synchronized @Nullable PlainConnection idle(InetSocketAddress address) {
    Deque<PlainConnection> connections = idle.get(address);
    if (connections == null) {
      return null;
    }
    PlainConnection last = connections.pollLast();
    if (connections.isEmpty()) {
      idle.remove(address);
    }
    return last;
  }

  private void start(PlainCall call, PlainConnection connection, boolean reused) {
    if (!call.proceed(connection, reused)) {
      connection.close();
      return;
    }
    try {
      if (connection.start(call)) {
        change(connection);
      }
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      connection.fail(e);
    }
  }

  /** Sends a call again if its server has closed a connection that was idle; fails it otherwise. */
  void failed(PlainCall call, InetSocketAddress address, Throwable failure) {
    if (call.mayBeSentAgain()) {
      connect(call, address);
    } else {
      call.fail(failure);
    }
  }

  private void connect(PlainCall call, InetSocketAddress address) {
    PlainConnection connection;
    try {
      connection = open(address);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      call.fail(e);
      return;
    }
    start(call, connection, false);
    try {
      Deadlines.Deadline deadline =
          deadlines.add(
              CONNECT_TIMEOUT.toNanos(),
              () -> connection.fail(new HttpConnectTimeoutException("connection timed out")));
      connection.connectUntil(deadline);
      if (connection.channel().connect(address)) {
        connection.connected();
      }
      change(connection);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      connection.fail(e);
    }
  }

  /** Returns a new connection, which counts as open until it is closed. */
  PlainConnection open(InetSocketAddress address) throws IOException {
    SocketChannel channel = SocketChannel.open();
    try {
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
      opened();
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      channel.close();
      throw e;
    }
    return new PlainConnection(this, address, channel);
  }

  /** Starts the thread if there is none. */
  private synchronized void opened() throws IOException {
    if (closed) {
      throw new IOException("the client is closed");
    }
    if (selector == null) {
      selector = started();
    }
    connections++;
  }

  private Selector started() throws IOException {
    Selector fresh = Selector.open();
    try {
      ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
      threads.newThread(() -> run(fresh, buffer)).start();
      return fresh;
    } catch (OutOfMemoryError e) {
      fresh.close();
      throw new IOException("no thread can be started: " + e.getMessage(), e);
    }
  }

  void closed(PlainConnection connection) {
    synchronized (this) {
      connections--;
      Deque<PlainConnection> others = idle.get(connection.address());
      if (others != null && others.remove(connection) && others.isEmpty()) {
        idle.remove(connection.address());
      }
    }
    wakeUp(); // the file descriptor is released by the thread
  }

  void release(PlainConnection connection) {
    synchronized (this) {
      if (!closed) {
        idle.computeIfAbsent(connection.address(), unused -> new ArrayDeque<>(2)).add(connection);
        return;
      }
    }
    connection.close();
  }

  private void change(PlainConnection connection) {
    changed.add(connection);
    wakeUp();
  }

  private synchronized void wakeUp() {
    if (selector != null) {
      selector.wakeup();
    }
  }

  private void run(Selector own, ByteBuffer buffer) {
    try (own) {
      try {
        serve(own, buffer);
      } finally {
        abandon(own);
      }
    } catch (IOException e) {
      logger.warn("Plaintext connections failed; new ones are opened", e);
    }
  }

  private void serve(Selector own, ByteBuffer buffer) throws IOException {
    long swept = System.nanoTime();
    boolean running = true;
    while (running) {
      Thread.interrupted(); // by a callback: the selector would never wait again
      own.select(TimeUnit.NANOSECONDS.toMillis(SWEEP_NANOS));
      register(own);
      for (SelectionKey key : own.selectedKeys()) {
        ((PlainConnection) key.attachment()).ready(key, buffer);
      }
      own.selectedKeys().clear();
      boolean sweeps = System.nanoTime() - swept >= SWEEP_NANOS;
      if (sweeps) {
        swept = System.nanoTime();
        closeIdleSince(swept - IDLE_NANOS);
      }
      running = !ends(sweeps);
    }
  }

  private void register(Selector own) {
    for (PlainConnection next = changed.poll(); next != null; next = changed.poll()) {
      try {
        SelectionKey key = next.channel().keyFor(own);
        if (key == null) {
          next.channel().register(own, next.interest(), next);
        } else {
          key.interestOps(next.interest());
        }
      } catch (ClosedChannelException | CancelledKeyException e) {
        logger.debug("The connection to {} is closed", next.address());
      }
    }
  }

  private void closeIdleSince(long nanos) {
    List<PlainConnection> old = new ArrayList<>();
    synchronized (this) {
      for (Deque<PlainConnection> connections : idle.values()) {
        for (PlainConnection connection : connections) {
          if (connection.isIdleSince(nanos)) {
            old.add(connection);
          }
        }
      }
    }
    old.forEach(PlainConnection::closeIdle);
  }

  private synchronized boolean ends(boolean sweeps) {
    boolean ends = connections == 0 && (sweeps || closed);
    if (ends) {
      selector = null;
    }
    return ends;
  }

  /** Returns whether the thread runs. */
  synchronized boolean isRunning() {
    return selector != null;
  }

  /** Fails what is left when the thread ends. */
  private void abandon(Selector own) {
    synchronized (this) {
      if (selector == own) {
        selector = null;
      }
    }
    List<PlainConnection> left = new ArrayList<>();
    own.keys().forEach(key -> left.add((PlainConnection) key.attachment()));
    left.forEach(connection -> connection.fail(new IOException("the connection is closed")));
  }

  /** Closes idle connections; calls end at their deadlines at the latest. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    closeIdleSince(System.nanoTime());
    wakeUp();
  }
}
