package dev.psc.testkit;

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
 * A TCP proxy on this machine that treats the connections through it as badly as it is told: cuts,
 * resets, delays, throttles, half-closes, black-holes or refuses them. It knows nothing of what
 * they carry, so TLS goes through as well.
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
 * <p>What it is told holds for open connections and for new ones. Safe for use by several threads.
 */
public final class FaultProxy implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(FaultProxy.class);
  private static final int CONNECT_TIMEOUT_MILLIS = 10_000;
  private static final AtomicLong NUMBER = new AtomicLong();

  private final InetSocketAddress target;
  private final int port;
  private final Object lock = new Object();
  private final Set<ProxiedConnection> connections = new HashSet<>();
  private final AtomicLong accepted = new AtomicLong();
  private @Nullable ServerSocket listener;
  private ProxyRules rules = ProxyRules.NONE;
  private boolean closed;

  private FaultProxy(InetSocketAddress target) throws IOException {
    this.target = target;
    this.port = listen(0);
  }

  /**
   * Starts a proxy on a free port of the loopback address.
   *
   * @param host where connections go
   * @param port where connections go
   * @throws UncheckedIOException when no port can be had
   */
  public static FaultProxy start(String host, int port) {
    try {
      return new FaultProxy(new InetSocketAddress(host, port));
    } catch (IOException e) {
      throw new UncheckedIOException("the proxy cannot listen", e);
    }
  }

  /** Returns the port that it listens on. */
  public int port() {
    return port;
  }

  /** Returns {@code 127.0.0.1:port}. */
  public String address() {
    return "127.0.0.1:" + port;
  }

  /** Returns how many connections it has taken so far. */
  public long acceptedCount() {
    return accepted.get();
  }

  /** Returns how many connections are open. */
  public int openCount() {
    synchronized (lock) {
      return connections.size();
    }
  }

  /** Closes every open connection in both directions, in good order (FIN). */
  public FaultProxy cut() {
    open().forEach(ProxiedConnection::cut);
    return this;
  }

  /** Resets every open connection in both directions (RST). */
  public FaultProxy reset() {
    open().forEach(ProxiedConnection::reset);
    return this;
  }

  /** Ends the client's half of every open connection: the target sees the end of its input. */
  public FaultProxy halfCloseToTarget() {
    open().forEach(ProxiedConnection::halfCloseToTarget);
    return this;
  }

  /** Ends the target's half of every open connection: the client sees the end of its input. */
  public FaultProxy halfCloseToClient() {
    open().forEach(ProxiedConnection::halfCloseToClient);
    return this;
  }

  /** Takes bytes and connections, and passes nothing on until {@link #clear}. */
  public FaultProxy blackHole() {
    return change(current().withBlackHole(true));
  }

  /**
   * Delays every piece, in both directions.
   *
   * @param delay zero or more
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
      throw new IllegalArgumentException("bytes = " + bytes + " must be at least 1");
    }
    return change(current().withResetAfterBytes(bytes));
  }

  /** Stops listening, so that new connections are refused, until {@link #clear}. */
  public FaultProxy refuse() {
    ServerSocket old;
    synchronized (lock) {
      old = listener;
      listener = null;
    }
    closeQuietly(old);
    return this;
  }

  /**
   * Forgets everything it was told, and listens again on the same port if it had stopped.
   *
   * @throws UncheckedIOException when the port was taken by another process meanwhile
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
      logger.debug("listening again on {}", same);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException("the proxy cannot listen on port " + port + " again", e);
    }
  }

  private int listen(int wanted) throws IOException {
    ServerSocket socket = new ServerSocket();
    socket.setReuseAddress(true);
    socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
    synchronized (lock) {
      listener = socket;
    }
    daemon("accept", () -> accept(socket));
    return socket.getLocalPort();
  }

  private void accept(ServerSocket socket) {
    while (true) {
      Socket client;
      try {
        client = socket.accept();
      } catch (IOException e) {
        if (!socket.isClosed()) {
          logger.warn("the proxy stops listening on port {}", port, e);
        }
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
      logger.debug("the target {} is not there", target, e);
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
   * Waits until a piece of so many bytes may pass, and returns the rules that hold then; null when
   * the connection is to end.
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

  private static void daemon(String what, Runnable task) {
    Thread thread = new Thread(task, "psc-fault-proxy-" + what + "-" + NUMBER.getAndIncrement());
    thread.setDaemon(true);
    thread.start();
  }

  static void closeQuietly(@Nullable AutoCloseable socket) {
    if (socket == null) {
      return;
    }
    try {
      socket.close();
    } catch (Exception e) {
      logger.debug("a socket could not be closed", e);
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
