package dev.psc.jvm;

import dev.psc.jvm.internal.runtime.OwnThreads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP/1.1 server of profiles: one request per connection, with limits on the number of
 * connections, the size of a request's head, and the time a client takes to send the request and to
 * read the response. Thread-safe.
 */
final class PprofServer implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(PprofServer.class);
  private static final int MAX_CONNECTIONS = 16;
  private static final int MAX_HEAD_BYTES = 16 * 1024;
  static final Duration HEAD_TIMEOUT = Duration.ofSeconds(3);
  private static final Duration BODY_TIMEOUT = Duration.ofSeconds(30);
  private static final int ACCEPT_MILLIS = 500;

  private final PprofHandler handler;
  private final Duration headTimeout;
  private final ServerSocket server;
  private final ThreadPoolExecutor workers;
  private final Thread acceptor;

  /** Open connections and their deadlines in nanoTime; 0 while waiting for the profile. */
  private final Map<Socket, Long> deadlines = new ConcurrentHashMap<>();

  private volatile boolean closed;

  private PprofServer(
      PprofHandler handler, ServerSocket server, ThreadFactory threads, Duration headTimeout) {
    this.headTimeout = headTimeout;
    this.handler = handler;
    this.server = server;
    this.workers =
        new ThreadPoolExecutor(
            0,
            MAX_CONNECTIONS,
            30,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> OwnThreads.thread(threads, "psc-pprof-request", task));
    this.acceptor = OwnThreads.thread(threads, "psc-pprof-accept", this::accept);
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
    ServerSocket socket = new ServerSocket();
    try {
      socket.setReuseAddress(true);
      socket.bind(address, 64);
      socket.setSoTimeout(ACCEPT_MILLIS);
    } catch (IOException e) {
      socket.close();
      throw new IOException("cannot serve profiles at " + address + ": " + e.getMessage(), e);
    }
    PprofServer server = new PprofServer(handler, socket, threads, headTimeout);
    server.acceptor.start();
    if (!tokenRequired && !server.address().getAddress().isLoopbackAddress()) {
      logger.warn(
          "Profiles at {} are served without authentication: set pprofToken, or bind to a loopback"
              + " address",
          server.address());
    }
    return server;
  }

  InetSocketAddress address() {
    return (InetSocketAddress) server.getLocalSocketAddress();
  }

  private void accept() {
    while (!closed) {
      closeLate();
      Socket socket;
      try {
        socket = server.accept();
      } catch (SocketTimeoutException e) {
        continue;
      } catch (IOException e) {
        if (!closed) {
          logger.warn("Profile endpoint failed to accept a connection", e);
        }
        continue;
      }
      deadlines.put(socket, System.nanoTime() + headTimeout.toNanos());
      try {
        workers.execute(() -> serve(socket));
      } catch (RejectedExecutionException e) {
        logger.debug(
            "Profile endpoint has reached its limit of {} connections; dropping one",
            MAX_CONNECTIONS);
        end(socket);
      }
    }
  }

  private void closeLate() {
    long now = System.nanoTime();
    deadlines.forEach(
        (socket, deadline) -> {
          if (deadline != 0 && now - deadline > 0) {
            end(socket);
          }
        });
  }

  private void end(Socket socket) {
    deadlines.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      logger.debug("Failed to close a connection", e);
    }
  }

  private void serve(Socket socket) {
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout((int) headTimeout.toMillis());
      byte[] head = head(socket.getInputStream());
      if (head.length == 0) {
        return;
      }
      PprofRequest request = parse(new String(head, StandardCharsets.ISO_8859_1));
      deadlines.computeIfPresent(socket, (open, deadline) -> 0L);
      PprofResponse response = request == null ? badRequest() : handler.handle(request);
      deadlines.computeIfPresent(
          socket, (open, none) -> System.nanoTime() + BODY_TIMEOUT.toNanos());
      write(socket.getOutputStream(), response, request != null && isHead(request));
      socket.shutdownOutput();
    } catch (IOException e) {
      logger.debug("Client of the profile endpoint disconnected or was too slow", e);
    } finally {
      end(socket);
    }
  }

  private static boolean isHead(PprofRequest request) {
    return request.method().equals("HEAD");
  }

  private static PprofResponse badRequest() {
    return new PprofResponse(
        400,
        Map.of("Content-Type", "text/plain; charset=utf-8"),
        "not an HTTP/1.1 request\n".getBytes(StandardCharsets.UTF_8));
  }

  /** Reads up to the empty line; returns nothing if the client disconnected. */
  private static byte[] head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream(512);
    int ends = 0;
    while (ends < 2) {
      int b = in.read();
      if (b < 0) {
        return new byte[0];
      }
      if (head.size() == MAX_HEAD_BYTES) {
        throw new IOException("the request's head is larger than " + MAX_HEAD_BYTES + " bytes");
      }
      head.write(b);
      if (b == '\n') {
        ends++;
      } else if (b != '\r') {
        ends = 0;
      }
    }
    return head.toByteArray();
  }

  private static @org.jspecify.annotations.Nullable PprofRequest parse(String head) {
    String[] lines = head.split("\r?\n", -1);
    String[] parts = lines[0].split(" ", -1);
    if (parts.length != 3 || !parts[2].startsWith("HTTP/1.") || !parts[1].startsWith("/")) {
      return null;
    }
    Map<String, String> headers = new LinkedHashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        headers.put(
            lines[i].substring(0, colon).trim().toLowerCase(Locale.ROOT),
            lines[i].substring(colon + 1).trim());
      }
    }
    int question = parts[1].indexOf('?');
    String path = question < 0 ? parts[1] : parts[1].substring(0, question);
    try {
      return new PprofRequest(
          parts[0], path, query(question < 0 ? "" : parts[1].substring(question + 1)), headers);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static Map<String, String> query(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        parameters.putIfAbsent(
            URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
            URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return parameters;
  }

  private static void write(OutputStream out, PprofResponse response, boolean headOnly)
      throws IOException {
    StringBuilder head = new StringBuilder(256);
    head.append("HTTP/1.1 ").append(response.status()).append(' ').append(reason(response));
    head.append("\r\nContent-Length: ").append(response.body().length);
    head.append("\r\nConnection: close\r\n");
    response
        .headers()
        .forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    head.append("\r\n");
    out.write(head.toString().getBytes(StandardCharsets.UTF_8));
    if (!headOnly) {
      out.write(response.body());
    }
    out.flush();
  }

  private static String reason(PprofResponse response) {
    return switch (response.status()) {
      case 200 -> "OK";
      case 400 -> "Bad Request";
      case 401 -> "Unauthorized";
      case 404 -> "Not Found";
      case 405 -> "Method Not Allowed";
      case 429 -> "Too Many Requests";
      case 501 -> "Not Implemented";
      case 503 -> "Service Unavailable";
      default -> "Error";
    };
  }

  /** Stops listening and closes open connections, without waiting. */
  @Override
  public void close() {
    closed = true;
    try {
      server.close();
    } catch (IOException e) {
      logger.debug("Failed to close the profile endpoint", e);
    }
    workers.shutdownNow();
    deadlines.keySet().forEach(this::end);
  }
}
