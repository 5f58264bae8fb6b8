package dev.psc.scrape.cloud.internal;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One HTTP/1.1 exchange on a separate connection, for requests that the JDK's client does not
 * support: Unix sockets, and a PUT without a proxy to a link-local address. Without TLS, redirects
 * and proxies.
 */
public final class SocketHttp {

  private static final int MAX_HEAD_BYTES = 64 << 10;

  private SocketHttp() {}

  /**
   * A request without a body.
   *
   * @param method e.g. {@code GET}
   * @param host the {@code Host} header
   * @param target path and query
   * @param headers further headers
   */
  public record Request(String method, String host, String target, Map<String, String> headers) {
    /** Copies the map and rejects characters that would end a line. */
    public Request {
      headers = Map.copyOf(headers);
      if (!legal(method + host + target) || target.indexOf(' ') >= 0) {
        throw new IllegalArgumentException("a request line must be printable ASCII");
      }
      headers.forEach(
          (name, value) -> {
            if (!legal(name + value)) {
              // Not shown: it may be a token.
              throw new IllegalArgumentException("header " + name + " must be printable ASCII");
            }
          });
    }

    private static boolean legal(String text) {
      return text.chars().allMatch(c -> c >= ' ' && c < 127);
    }

    private byte[] bytes() {
      StringBuilder head = new StringBuilder();
      head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
      head.append("Host: ").append(host).append("\r\nConnection: close\r\n");
      if (!method.equals("GET")) {
        head.append("Content-Length: 0\r\n");
      }
      headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
      return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  /**
   * A response.
   *
   * @param status e.g. 200
   * @param body complete, at most as large as the limit
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Answer(int status, byte[] body) {}

  /**
   * Sends a request and reads the whole response.
   *
   * @param timeout from the connection to the last byte
   * @param limitBytes the limit on the body
   * @param scheduler ends the connection when the time is over
   * @throws IOException if there is no complete response
   * @throws InterruptedException if the thread is interrupted, which ends the connection
   */
  public static Answer exchange(
      SocketAddress address,
      Request request,
      Duration timeout,
      long limitBytes,
      ScheduledExecutorService scheduler)
      throws IOException, InterruptedException {
    AtomicBoolean late = new AtomicBoolean();
    try (SocketChannel channel =
        address instanceof UnixDomainSocketAddress
            ? SocketChannel.open(java.net.StandardProtocolFamily.UNIX)
            : SocketChannel.open()) {
      Future<?> deadline =
          scheduler.schedule(
              () -> {
                late.set(true);
                close(channel);
              },
              timeout.toNanos(),
              TimeUnit.NANOSECONDS);
      try {
        channel.connect(address);
        ByteBuffer bytes = ByteBuffer.wrap(request.bytes());
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        return read(new java.io.BufferedInputStream(Channels.newInputStream(channel)), limitBytes);
      } finally {
        deadline.cancel(false);
      }
    } catch (ClosedByInterruptException e) {
      Thread.interrupted();
      throw new InterruptedException();
    } catch (IOException e) {
      if (late.get()) {
        throw new IOException("no complete response within " + timeout.toMillis() + " ms", e);
      }
      throw e;
    }
  }

  private static void close(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException ignored) {
      // The reader sees that the connection is closed in any case.
    }
  }

  private static Answer read(InputStream in, long limitBytes) throws IOException {
    int status;
    Map<String, String> headers;
    do {
      int[] left = {MAX_HEAD_BYTES};
      String line = line(in, left);
      String[] words = line.split(" ", 3);
      if (!line.startsWith("HTTP/1.") || words.length < 2 || !words[1].matches("\\d{3}")) {
        throw new IOException("the response is not HTTP/1.1");
      }
      status = Integer.parseInt(words[1]);
      headers = headers(in, left);
    } while (status < 200 && status != 101);
    String encoding = headers.getOrDefault("content-encoding", "identity");
    if (!encoding.equalsIgnoreCase("identity")) {
      throw new IOException("the response has a content encoding that was not requested");
    }
    if (status == 204 || status == 304) {
      return new Answer(status, new byte[0]);
    }
    if (headers
        .getOrDefault("transfer-encoding", "")
        .toLowerCase(Locale.ROOT)
        .contains("chunked")) {
      return new Answer(status, chunked(in, limitBytes));
    }
    String length = headers.get("content-length");
    if (length == null) {
      return new Answer(status, untilEnd(in, limitBytes));
    }
    if (!length.matches("\\d{1,18}")) {
      throw new IOException("the response's Content-Length is not a number");
    }
    checkLimit(Long.parseLong(length), limitBytes);
    byte[] body = in.readNBytes(Integer.parseInt(length));
    if (body.length < Integer.parseInt(length)) {
      throw new IOException("the connection ended before the end of the response");
    }
    return new Answer(status, body);
  }

  private static void checkLimit(long length, long limitBytes) throws IOException {
    if (length > limitBytes) {
      throw new IOException("the response is larger than " + limitBytes + " bytes");
    }
  }

  private static Map<String, String> headers(InputStream in, int[] left) throws IOException {
    Map<String, String> headers = new TreeMap<>();
    String line = line(in, left);
    while (!line.isEmpty()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
            line.substring(colon + 1).strip());
      }
      line = line(in, left);
    }
    return headers;
  }

  private static byte[] untilEnd(InputStream in, long limitBytes) throws IOException {
    byte[] body = in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8, limitBytes + 1));
    checkLimit(body.length, limitBytes);
    return body;
  }

  private static byte[] chunked(InputStream in, long limitBytes) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      int[] left = {MAX_HEAD_BYTES};
      String size = line(in, left).replaceAll(";.*", "").strip();
      if (!size.matches("[0-9a-fA-F]{1,8}")) {
        throw new IOException("the response has invalid chunks");
      }
      long length = Long.parseLong(size, 16);
      checkLimit(body.size() + length, limitBytes);
      if (length == 0) {
        headers(in, left);
        return body.toByteArray();
      }
      byte[] chunk = in.readNBytes((int) length);
      if (chunk.length < length || !line(in, left).isEmpty()) {
        throw new IOException("the connection ended before the end of the response");
      }
      body.write(chunk);
    }
  }

  /** Reads a line; {@code left} is what all lines of a head may have together. */
  private static String line(InputStream in, int[] left) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int next = in.read();
    while (next != '\n') {
      if (next < 0) {
        throw new IOException("the connection ended before the end of the response");
      }
      if (--left[0] < 0) {
        throw new IOException("the response's head is larger than " + MAX_HEAD_BYTES + " bytes");
      }
      line.write(next);
      next = in.read();
    }
    String text = line.toString(StandardCharsets.ISO_8859_1);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }
}
