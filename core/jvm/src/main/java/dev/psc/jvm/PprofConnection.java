package dev.psc.jvm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of a {@link PprofServer}. Confined to the server's loop. */
final class PprofConnection {

  /** A request's head. The request is null if it is not HTTP/1.1. */
  record Head(@Nullable PprofRequest request) {}

  private static final Logger logger = LoggerFactory.getLogger(PprofConnection.class);
  private static final int MAX_HEAD_BYTES = 16 * 1024;

  /** Bounds the direct buffer that the JDK keeps per thread for writing. */
  private static final int PIECE_BYTES = 64 * 1024;

  private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

  private final SocketChannel channel;
  private final SelectionKey key;
  private final ByteArrayOutputStream head = new ByteArrayOutputStream(256);
  private int lineEnds;
  private boolean reading = true;
  private boolean timed = true;
  private long deadlineNanos;
  private ByteBuffer responseHead = EMPTY;
  private ByteBuffer responseBody = EMPTY;

  PprofConnection(SocketChannel channel, SelectionKey key, Duration headTimeout) {
    this.channel = channel;
    this.key = key;
    this.deadlineNanos = System.nanoTime() + headTimeout.toNanos();
  }

  boolean isOpen() {
    return channel.isOpen();
  }

  /** Returns whether the request has not arrived yet. */
  boolean isReading() {
    return reading;
  }

  /** Returns whether the client has taken too long to send the request or to read the response. */
  boolean isLate(long nowNanos) {
    return timed && nowNanos - deadlineNanos > 0;
  }

  long unreadBytes() {
    return (long) responseHead.remaining() + responseBody.remaining();
  }

  /**
   * Reads the bytes that have arrived.
   *
   * @return the head once it is complete, or null
   * @throws IOException if the client disconnected or the head is too large
   */
  @Nullable Head read() throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(4096);
    int count = channel.read(buffer);
    if (count < 0) {
      throw new IOException("the client disconnected");
    }
    for (int i = 0; i < count; i++) {
      byte b = buffer.get(i);
      if (head.size() == MAX_HEAD_BYTES) {
        throw new IOException("the request's head is larger than " + MAX_HEAD_BYTES + " bytes");
      }
      head.write(b);
      if (b == '\n') {
        lineEnds++;
      } else if (b != '\r') {
        lineEnds = 0;
      }
      if (lineEnds == 2) {
        reading = false;
        timed = false;
        key.interestOps(0);
        return new Head(parse(head.toString(StandardCharsets.ISO_8859_1)));
      }
    }
    return null;
  }

  private static @Nullable PprofRequest parse(String head) {
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

  static PprofResponse badRequest() {
    return text(400, Map.of(), "not an HTTP/1.1 request");
  }

  static PprofResponse busy(String reason) {
    return text(429, Map.of("Retry-After", "5"), reason);
  }

  private static PprofResponse text(int status, Map<String, String> more, String text) {
    Map<String, String> headers = new LinkedHashMap<>(more);
    headers.put("Content-Type", "text/plain; charset=utf-8");
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("X-Go-Pprof", "1");
    return new PprofResponse(status, headers, (text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Sets the response, which {@link #write} writes within the duration. */
  void respond(PprofResponse response, boolean headOnly, Duration atMost) {
    StringBuilder text = new StringBuilder(256);
    text.append("HTTP/1.1 ").append(response.status()).append(' ').append(reason(response));
    text.append("\r\nContent-Length: ").append(response.body().length);
    text.append("\r\nConnection: close\r\n");
    response
        .headers()
        .forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    text.append("\r\n");
    responseHead = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    responseBody = headOnly ? EMPTY : ByteBuffer.wrap(response.body());
    reading = false;
    timed = true;
    deadlineNanos = System.nanoTime() + atMost.toNanos();
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

  /**
   * Writes as much of the response as the client reads.
   *
   * @return whether all of it is written
   */
  boolean write() throws IOException {
    if (write(responseHead) && write(responseBody)) {
      channel.shutdownOutput();
      return true;
    }
    key.interestOps(SelectionKey.OP_WRITE);
    return false;
  }

  private boolean write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      int limit = bytes.limit();
      bytes.limit(Math.min(limit, bytes.position() + PIECE_BYTES));
      int wanted = bytes.remaining();
      int written = channel.write(bytes);
      bytes.limit(limit);
      if (written < wanted) {
        return false;
      }
    }
    return true;
  }

  /** Closes the connection and releases the response. */
  void close() {
    responseHead = EMPTY;
    responseBody = EMPTY;
    try {
      channel.close();
    } catch (IOException e) {
      logger.debug("Failed to close a connection", e);
    }
  }
}
