package dev.psc.jvm;

import dev.psc.jvm.internal.runtime.FileDescriptors;
import dev.psc.jvm.internal.runtime.OwnThreads;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP/1.1 server of profiles: one request per connection, with limits on the number of
 * connections, the size of a request's head, and the time a client takes to send the request and to
 * read the response.
 *
 * <p>One thread accepts connections, reads requests and writes responses. A request occupies one of
 * a few further threads only after it has arrived and until its response is complete, so that slow
 * clients occupy none. Thread-safe.
 */
final class PprofServer implements AutoCloseable {

  static final Duration HEAD_TIMEOUT = Duration.ofSeconds(3);

  /** Limit on the requests that are being answered. */
  private static final int MAX_REQUESTS = 16;

  /** Limit on connections; the one that has been silent for longest makes room for a new one. */
  static final int MAX_CONNECTIONS = 256;

  private static final int MIN_CONNECTIONS = 16;

  /**
   * The part of the process's file descriptors that connections may occupy. The flight recorder
   * aborts the JVM if it cannot open a file, so clients must never take them all.
   */
  private static final int DESCRIPTORS_PER_CONNECTION = 8;

  /** Limit on the bytes of responses that clients have not read yet, as a part of the heap. */
  private static final int HEAP_PER_RESPONSES = 16;

  private static final Logger logger = LoggerFactory.getLogger(PprofServer.class);
  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(30);
  private static final long TICK_MILLIS = 500;
  private static final long ACCEPT_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long LOG_EVERY_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final PprofHandler handler;
  private final Duration headTimeout;
  private final ServerSocketChannel listening;
  private final InetSocketAddress address;
  private final Selector selector;
  private final SelectionKey acceptKey;
  private final ThreadPoolExecutor workers;
  private final Thread loop;

  /** Tasks of the workers for the loop. */
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();

  /** Open connections in the order in which they were accepted; confined to the loop. */
  private final List<PprofConnection> connections = new ArrayList<>();

  private final int maxConnections = maxConnections(FileDescriptors.limit());
  private final long maxResponseBytes = Runtime.getRuntime().maxMemory() / HEAP_PER_RESPONSES;
  private long unreadBytes;
  private long acceptAfterNanos;
  private boolean acceptPaused;
  private long lastLoggedNanos = System.nanoTime() - LOG_EVERY_NANOS;
  private volatile boolean closed;

  private PprofServer(
      PprofHandler handler,
      ServerSocketChannel listening,
      Selector selector,
      ThreadFactory threads,
      Duration headTimeout)
      throws IOException {
    this.headTimeout = headTimeout;
    this.handler = handler;
    this.listening = listening;
    this.address = (InetSocketAddress) listening.getLocalAddress();
    this.selector = selector;
    listening.configureBlocking(false);
    this.acceptKey = listening.register(selector, SelectionKey.OP_ACCEPT);
    this.workers =
        new ThreadPoolExecutor(
            0,
            MAX_REQUESTS,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> OwnThreads.thread(threads, "psc-pprof-request", task));
    this.loop = OwnThreads.thread(threads, "psc-pprof-server", this::run);
  }

  /**
   * Binds the address and starts serving.
   *
   * @param tokenRequired whether requests must carry a token
   * @param headTimeout the maximum time to receive a request
   * @throws IOException if the address cannot be bound
   */
  static PprofServer start(
      InetSocketAddress address,
      PprofHandler handler,
      ThreadFactory threads,
      boolean tokenRequired,
      Duration headTimeout)
      throws IOException {
    ServerSocketChannel channel = null;
    Selector selector = null;
    PprofServer server = null;
    try {
      channel = ServerSocketChannel.open();
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(address, 64);
      selector = Selector.open();
      server = new PprofServer(handler, channel, selector, threads, headTimeout);
    } catch (IOException e) {
      throw new IOException("cannot serve profiles at " + address + ": " + e.getMessage(), e);
    } finally {
      if (server == null) {
        closeQuietly(channel);
        closeQuietly(selector);
      }
    }
    server.loop.start();
    if (!tokenRequired && !server.address().getAddress().isLoopbackAddress()) {
      logger.warn(
          "Profiles at {} are served without authentication: set pprofToken, or bind to a loopback"
              + " address",
          server.address());
    }
    return server;
  }

  /** Returns the limit on connections of a process that may have so many file descriptors. */
  static int maxConnections(long fileDescriptors) {
    return (int)
        Math.min(
            MAX_CONNECTIONS,
            Math.max(MIN_CONNECTIONS, fileDescriptors / DESCRIPTORS_PER_CONNECTION));
  }

  InetSocketAddress address() {
    return address;
  }

  private void run() {
    while (!closed) {
      try {
        selector.select(TICK_MILLIS);
        if (!closed) {
          turn();
        }
      } catch (IOException | RuntimeException | Error e) {
        // The endpoint survives, and a selector that fails immediately must not occupy a processor.
        logThrottled("Profile endpoint failed; continuing", e);
        pause();
      }
    }
    connections.forEach(PprofConnection::close);
    closeQuietly(listening);
    closeQuietly(selector);
  }

  private void pause() {
    try {
      TimeUnit.NANOSECONDS.sleep(ACCEPT_PAUSE_NANOS);
    } catch (InterruptedException e) {
      logger.debug("Interrupted; only close() ends this thread", e);
    }
  }

  private void turn() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
    for (SelectionKey key : selector.selectedKeys()) {
      if (key == acceptKey) {
        accept();
      } else if (key.attachment() instanceof PprofConnection connection) {
        ready(key, connection);
      }
    }
    selector.selectedKeys().clear();
    long now = System.nanoTime();
    connections.removeIf(
        connection -> {
          if (connection.isLate(now)) {
            close(connection);
          }
          return !connection.isOpen();
        });
    if (acceptPaused && now - acceptAfterNanos >= 0) {
      acceptPaused = false;
      acceptKey.interestOps(SelectionKey.OP_ACCEPT);
    }
  }

  private void accept() {
    try {
      for (SocketChannel channel = listening.accept();
          channel != null;
          channel = listening.accept()) {
        add(channel);
      }
    } catch (IOException e) {
      // For example without free file descriptors: the connection stays in the backlog.
      acceptPaused = true;
      acceptAfterNanos = System.nanoTime() + ACCEPT_PAUSE_NANOS;
      acceptKey.interestOps(0);
      logThrottled("Profile endpoint cannot accept connections; retrying every second", e);
    }
  }

  private void add(SocketChannel channel) {
    try {
      if (connections.size() >= maxConnections && !makeRoom()) {
        closeQuietly(channel);
        return;
      }
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      SelectionKey key = channel.register(selector, SelectionKey.OP_READ);
      PprofConnection connection = new PprofConnection(channel, key, headTimeout);
      key.attach(connection);
      connections.add(connection);
    } catch (IOException e) {
      logger.debug("Client of the profile endpoint disconnected", e);
      closeQuietly(channel);
    }
  }

  /** Closes the oldest connection whose request has not arrived. */
  private boolean makeRoom() {
    for (PprofConnection connection : connections) {
      if (connection.isReading()) {
        close(connection);
        connections.remove(connection);
        return true;
      }
    }
    return false;
  }

  private void ready(SelectionKey key, PprofConnection connection) {
    try {
      if (key.isReadable()) {
        PprofConnection.Head head = connection.read();
        if (head != null) {
          handle(connection, head);
        }
      } else if (key.isWritable()) {
        writeOn(connection);
      }
    } catch (CancelledKeyException | IOException e) {
      // Without the stack trace: clients decide how many of these there are.
      logger.debug("Client of the profile endpoint was disconnected: {}", e.toString());
      close(connection);
    }
  }

  private void handle(PprofConnection connection, PprofConnection.Head head) throws IOException {
    PprofRequest request = head.request();
    if (request == null) {
      respond(connection, PprofConnection.badRequest(), false);
      return;
    }
    boolean headOnly = request.method().equals("HEAD");
    if (unreadBytes > maxResponseBytes) {
      respond(connection, PprofConnection.busy("clients read responses too slowly"), headOnly);
      return;
    }
    try {
      workers.execute(() -> work(connection, request, headOnly));
    } catch (RejectedExecutionException e) {
      respond(
          connection,
          PprofConnection.busy("more than " + MAX_REQUESTS + " requests at the same time"),
          headOnly);
    }
  }

  private void work(PprofConnection connection, PprofRequest request, boolean headOnly) {
    PprofResponse response = null;
    try {
      response = handler.handle(request);
    } finally {
      PprofResponse complete = response;
      tasks.add(() -> complete(connection, complete, headOnly));
      selector.wakeup();
    }
  }

  private void complete(
      PprofConnection connection, @Nullable PprofResponse response, boolean headOnly) {
    try {
      if (response == null) {
        close(connection);
      } else {
        respond(connection, response, headOnly);
      }
    } catch (IOException | CancelledKeyException e) {
      logger.debug("Client of the profile endpoint disconnected", e);
      close(connection);
    }
  }

  private void respond(PprofConnection connection, PprofResponse response, boolean headOnly)
      throws IOException {
    if (connection.isOpen()) {
      connection.respond(response, headOnly, BODY_TIMEOUT);
      unreadBytes += connection.unreadBytes();
      writeOn(connection);
    }
  }

  private void writeOn(PprofConnection connection) throws IOException {
    long before = connection.unreadBytes();
    boolean complete = connection.write();
    unreadBytes -= before - connection.unreadBytes();
    if (complete) {
      close(connection);
    }
  }

  private void close(PprofConnection connection) {
    unreadBytes -= connection.unreadBytes();
    connection.close();
  }

  private void logThrottled(String message, Throwable failure) {
    long now = System.nanoTime();
    if (now - lastLoggedNanos >= LOG_EVERY_NANOS) {
      lastLoggedNanos = now;
      logger.warn("{}: {}", message, failure.toString());
    }
  }

  private static void closeQuietly(@Nullable AutoCloseable closeable) {
    try {
      if (closeable != null) {
        closeable.close();
      }
    } catch (ClosedChannelException e) {
      logger.trace("Already closed", e);
    } catch (Exception e) {
      logger.debug("Failed to close the profile endpoint", e);
    }
  }

  /** Stops listening and closes open connections, without waiting. */
  @Override
  public void close() {
    closed = true;
    closeQuietly(listening);
    workers.shutdownNow();
    selector.wakeup();
  }
}
