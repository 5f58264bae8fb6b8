package dev.psc.testkit;

import dev.psc.net.DaemonThreads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A TCP proxy on this machine that injects faults: it cuts, resets, delays, throttles, half-closes,
 * black-holes or refuses connections. It does not interpret the bytes, so TLS works too.
 *
 * <pre>{@code
 * try (FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
 *   // send to proxy.address(), then:
 *   proxy.blackHole();
 *   proxy.reset();
 *   proxy.clear();
 * }
 * }</pre>
 *
 * <p>Faults apply to open and new connections. Thread-safe.
 */
public final class FaultProxy implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(FaultProxy.class);
  private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
  private static final int ACCEPT_END_MILLIS = 10_000;

  private final InetSocketAddress target;
  private final int port;
  private final Object lock = new Object();
  private final Set<ProxiedConnection> connections = new HashSet<>();
  private final AtomicLong accepted = new AtomicLong();
  private @Nullable ServerSocket listener;
  private @Nullable Thread accepting;
  private ProxyRules rules = ProxyRules.NONE;
  private boolean closed;

  private FaultProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    this.port = listen(0);
  }

  /**
   * Starts a proxy on a free port of the loopback address.
   *
   * @param host the host of the target
   * @param port the port of the target
   * @throws UncheckedIOException if no port is available
   */
  public static FaultProxy start(String host, int port) {
    try {
      return new FaultProxy(new InetSocketAddress(host, port));
    } catch (IOException e) {
      throw new UncheckedIOException("the proxy cannot listen", e);
    }
  }

  /** Returns the port of the proxy. */
  public int port() {
    return port;
  }

  /** Returns {@code 127.0.0.1:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** Returns the number of connections accepted so far. */
  long acceptedCount() {
    return accepted.get();
  }

  /** Returns the number of open connections. */
  int openCount() {
    synchronized (lock) {
      return connections.size();
    }
  }

  /** Closes every open connection in both directions, orderly (FIN). */
  public FaultProxy cut() {
    open().forEach(ProxiedConnection::cut);
    return this;
  }

  /** Resets every open connection in both directions (RST). */
  public FaultProxy reset() {
    open().forEach(ProxiedConnection::reset);
    return this;
  }

  /** Closes the half of every open connection that leads to the target. */
  public FaultProxy halfCloseToTarget() {
    open().forEach(ProxiedConnection::halfCloseToTarget);
    return this;
  }

  /** Closes the half of every open connection that leads to the client. */
  public FaultProxy halfCloseToClient() {
    open().forEach(ProxiedConnection::halfCloseToClient);
    return this;
  }

  /** Accepts bytes and connections, and forwards nothing until {@link #clear}. */
  public FaultProxy blackHole() {
    return change(current().withBlackHole(true));
  }

  /**
   * Delays every chunk of bytes, in both directions.
   *
   * @param delay not negative
   */
  public FaultProxy delay(Duration delay) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("delay must not be negative, but was " + delay);
    }
    return change(current().withDelayNanos(delay.toNanos()));
  }

  /**
   * Limits the bytes per second, for each connection and direction.
   *
   * @param bytesPerSecond at least 1
   */
  public FaultProxy throttle(long bytesPerSecond) {
    if (bytesPerSecond < 1) {
      throw new IllegalArgumentException(
          "bytesPerSecond must be at least 1, but was " + bytesPerSecond);
    }
    return change(current().withBytesPerSecond(bytesPerSecond));
  }

  /**
   * Resets each connection after a number of bytes to the target.
   *
   * @param bytes at least 1
   */
  public FaultProxy resetAfter(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes must be at least 1, but was " + bytes);
    }
    return change(current().withResetAfterBytes(bytes));
  }

  /** Stops listening, so that new connections are refused, until {@link #clear}. */
  public FaultProxy refuse() {
    ServerSocket old;
    Thread thread;
    synchronized (lock) {
      old = listener;
      thread = accepting;
      listener = null;
      accepting = null;
    }
    closeQuietly(old);
    if (thread != null) {
      awaitEnd(thread);
    }
    return this;
  }

  /** The system listens on a closed socket for as long as a thread accepts on it. */
  private static void awaitEnd(Thread thread) {
    try {
      thread.join(ACCEPT_END_MILLIS);
    } catch (InterruptedException ignored) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Removes all faults, and listens again on the same port after {@link #refuse}.
   *
   * @throws UncheckedIOException if the port is in use by another process
   */
  public FaultProxy clear() {
    change(ProxyRules.NONE);
    synchronized (lock) {
      if (listener != null || closed) {
        return this;
      }
    }
    try {
      int same = listen(port);
      logger.debug("Listening again on port {}", same);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("the proxy cannot listen on port " + port + " again", e);
    }
  }

  private int listen(int wanted) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
    Thread thread = daemon("accept", () -> accept(socket));
    synchronized (lock) {
      listener = socket;
      accepting = thread;
    }
    return socket.getLocalPort();
  }

  private void accept(ServerSocket socket) {
    while (true) {
      Socket client;
      try {
        client = socket.accept();
      } catch (IOException e) {
        if (!socket.isClosed()) {
          logger.warn("The proxy stops listening on port {}", port, e);
        }
        return;
      }
      if (socket.isClosed()) {
        ProxiedConnection.resetQuietly(client);
        return;
      }
      accepted.incrementAndGet();
      daemon("connect", () -> connect(client));
    }
  }

  private void connect(Socket client) {
    Socket store = new Socket();
    try {
      store.connect(target, CONNECT_TIMEOUT_MILLIS);
      client.setTcpNoDelay(true);
      store.setTcpNoDelay(true);
    } catch (IOException e) {
      logger.debug("Cannot connect to the target {}", target, e);
      ProxiedConnection.resetQuietly(client);
      closeQuietly(store);
      return;
    }
    ProxiedConnection connection = new ProxiedConnection(client, store, this);
    synchronized (lock) {
      if (closed) {
        connection.reset();
        return;
      }
      connections.add(connection);
    }
    daemon("to-target", connection::pumpToTarget);
    daemon("to-client", connection::pumpToClient);
  }

  void gone(ProxiedConnection connection) {
    synchronized (lock) {
      connections.remove(connection);
    }
  }

  /**
   * Waits until a number of bytes may pass, and returns the rules of that moment, or null if the
   * connection must end.
   */
  @Nullable ProxyRules awaitPassage(int bytes, ProxiedConnection connection) {
    long start = System.nanoTime();
    synchronized (lock) {
      while (!closed && !connection.isEnded()) {
        long waitNanos = rules.waitNanos(bytes) - (System.nanoTime() - start);
        if (!rules.blackHole() && waitNanos <= 0) {
          return rules;
        }
        try {
          if (rules.blackHole()) {
            lock.wait();
          } else {
            lock.wait(waitNanos / 1_000_000, (int) (waitNanos % 1_000_000));
          }
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return null;
        }
      }
      return null;
    }
  }

  void wake() {
    synchronized (lock) {
      lock.notifyAll();
    }
  }

  private ProxyRules current() {
    synchronized (lock) {
      return rules;
    }
  }

  private FaultProxy change(ProxyRules changed) {
    synchronized (lock) {
      rules = changed;
      lock.notifyAll();
    }
    return this;
  }

  private Set<ProxiedConnection> open() {
    synchronized (lock) {
      return Set.copyOf(connections);
    }
  }

  private static Thread daemon(String what, Runnable task) {
    Thread thread = DaemonThreads.named("psc-fault-proxy-" + what).newThread(task);
    thread.start();
    return thread;
  }

  static void closeQuietly(@Nullable AutoCloseable socket) {
    if (socket == null) {
      return;
    }
    try {
      socket.close();
    } catch (Exception e) {
      logger.debug("Cannot close a socket", e);
    }
  }

  /** Stops listening and resets every connection; idempotent. */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
    refuse();
    reset();
  }
}
