package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Parses one response of HTTP/1.1 from the bytes as they arrive. The connection's thread owns it.
 *
 * <p>Source: RFC 9112. A header line that begins with white space continues the previous one, and
 * white space before a colon is an error, as in Go.
 */
final class ResponseParser {

  /**
   * Limit on the status line and the headers together, those of preceding 1xx responses included,
   * and on all trailers. Each line counts for {@link #LINE_BYTES} more.
   */
  private static final int MAX_HEAD_BYTES = 256 << 10;

  /** What a line takes of the limit besides its text, as it takes memory and time. */
  private static final int LINE_BYTES = 32;

  /** Limit on the line before a chunk, extensions included. */
  private static final int MAX_CHUNK_LINE_BYTES = 4 << 10;

  private static final int SHOWN_BYTES = 100;
  private static final byte[] VERSION = "HTTP/1.".getBytes(StandardCharsets.US_ASCII);
  private static final String TOKEN_SYMBOLS = "!#$%&'*+-.^_`|~";

  /** The receiver of a response's parts. */
  interface Receiver {

    /** Takes the head; a response of status 1xx is not passed on. */
    void head(int status, HttpHeaders headers);

    /** Takes a part of the body, which is only valid during the call. */
    void body(ByteBuffer part);
  }

  private enum State {
    HEAD,
    FIXED,
    CHUNK_LINE,
    CHUNK,
    CHUNK_END,
    TRAILERS,
    UNTIL_CLOSE,
    DONE
  }

  private final Receiver receiver;
  private State state = State.HEAD;
  private byte[] line = new byte[512];
  private int size;
  private int lineStart;
  private int headBytes;
  private long length;
  private long remaining;
  private boolean keptAlive;

  ResponseParser(Receiver receiver) {
    this.receiver = receiver;
  }

  /** Returns whether the response is complete. */
  boolean isDone() {
    return state == State.DONE;
  }

  /** Returns whether the connection can be used again after a complete response. */
  boolean isKeptAlive() {
    return keptAlive;
  }

  /**
   * Parses bytes until they or the response end.
   *
   * @throws IOException if they are not a response
   */
  void parse(ByteBuffer in) throws IOException {
    while (in.hasRemaining() && state != State.DONE) {
      switch (state) {
        case HEAD, TRAILERS -> block(in);
        case CHUNK_LINE, CHUNK_END -> chunkLine(in);
        default -> body(in);
      }
    }
  }

  /**
   * Takes the end of the connection.
   *
   * @throws IOException if the response is not complete
   */
  void end() throws IOException {
    switch (state) {
      case UNTIL_CLOSE, DONE -> state = State.DONE;
      case HEAD ->
          throw new IOException(
              size == 0
                  ? "the server closed the connection without a response"
                  : "the server closed the connection in the head of the response");
      case FIXED ->
          throw new IOException(
              "fixed content-length: " + length + ", bytes received: " + (length - remaining));
      default -> throw new IOException("chunked transfer encoding: the last chunk is missing");
    }
  }

  private void body(ByteBuffer in) {
    int limit = in.limit();
    boolean bounded = state != State.UNTIL_CLOSE;
    int part = bounded ? (int) Math.min(remaining, in.remaining()) : in.remaining();
    in.limit(in.position() + part);
    receiver.body(in);
    in.position(in.limit()).limit(limit);
    remaining -= part;
    if (bounded && remaining == 0) {
      state = state == State.FIXED ? State.DONE : State.CHUNK_END;
    }
  }

  /** Collects the head or the trailers, which an empty line ends. */
  private void block(ByteBuffer in) throws IOException {
    while (in.hasRemaining()) {
      byte b = in.get();
      headBytes += b == '\n' ? 1 + LINE_BYTES : 1;
      if (headBytes > MAX_HEAD_BYTES) {
        throw new ProtocolException("Header size too big: more than " + MAX_HEAD_BYTES + " bytes");
      }
      add(b);
      if (state == State.HEAD && size <= VERSION.length && b != VERSION[size - 1]) {
        while (in.hasRemaining() && size < SHOWN_BYTES) {
          add(in.get());
        }
        throw invalidStatusLine(text(0, size).lines().findFirst().orElse(""));
      }
      if (b == '\n') {
        boolean empty = size - lineStart == 1 || (size - lineStart == 2 && line[lineStart] == '\r');
        lineStart = size;
        if (empty) {
          ended();
          return;
        }
      }
    }
  }

  private void add(byte b) {
    if (size == line.length) {
      line = Arrays.copyOf(line, 2 * size);
    }
    line[size++] = b;
  }

  private String text(int from, int to) {
    return new String(line, from, to - from, StandardCharsets.ISO_8859_1);
  }

  private void ended() throws IOException {
    if (state == State.TRAILERS) {
      state = State.DONE;
      return;
    }
    String[] lines = text(0, size).split("\r?\n", -1);
    size = 0;
    lineStart = 0;
    int status = status(lines[0]);
    Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (int i = 1; i < lines.length && !lines[i].isEmpty(); ) {
      StringBuilder field = new StringBuilder(lines[i++]);
      while (lines[i].startsWith(" ") || lines[i].startsWith("\t")) {
        field.append(' ').append(lines[i++].strip());
      }
      field(fields, field.toString());
    }
    if (status >= 100 && status < 200 && status != 101) {
      return; // the final response follows
    }
    headBytes = 0;
    HttpHeaders headers = HttpHeaders.of(fields, (name, value) -> true);
    boolean chunked = !headers.allValues("transfer-encoding").isEmpty();
    length = Framing.length(headers);
    remaining = length;
    boolean measured = chunked || !headers.allValues("content-length").isEmpty();
    boolean without = status == 204 || status == 304;
    keptAlive = (measured || without) && lines[0].startsWith("HTTP/1.1") && !isClosed(headers);
    if (without || (measured && !chunked && length == 0)) {
      state = State.DONE;
    } else {
      state = chunked ? State.CHUNK_LINE : measured ? State.FIXED : State.UNTIL_CLOSE;
    }
    receiver.head(status, headers);
  }

  private static ProtocolException invalidStatusLine(String line) {
    return new ProtocolException(
        "Invalid status line: \"" + LogText.line(line, SHOWN_BYTES) + "\"");
  }

  private static int status(String line) throws ProtocolException {
    boolean valid =
        line.length() >= 12
            && line.charAt(8) == ' '
            && line.substring(9, 12).chars().allMatch(c -> c >= '0' && c <= '9')
            && (line.length() == 12 || line.charAt(12) == ' ');
    if (!valid) {
      throw invalidStatusLine(line);
    }
    return Integer.parseInt(line, 9, 12, 10);
  }

  private static void field(Map<String, List<String>> fields, String line)
      throws ProtocolException {
    int colon = line.indexOf(':');
    String name = colon < 0 ? line : line.substring(0, colon);
    if (colon <= 0 || !name.chars().allMatch(ResponseParser::isTokenChar)) {
      throw new ProtocolException("Invalid header name: \"" + LogText.line(name, 100) + "\"");
    }
    fields
        .computeIfAbsent(name, unused -> new ArrayList<>(1))
        .add(line.substring(colon + 1).strip());
  }

  private static boolean isTokenChar(int c) {
    return (c >= '0' && c <= '9')
        || (c >= 'A' && c <= 'Z')
        || (c >= 'a' && c <= 'z')
        || TOKEN_SYMBOLS.indexOf(c) >= 0;
  }

  private static boolean isClosed(HttpHeaders headers) {
    for (String value : headers.allValues("connection")) {
      for (String option : value.split(",", -1)) {
        if (option.strip().equalsIgnoreCase("close")) {
          return true;
        }
      }
    }
    return false;
  }

  /** Collects the line before a chunk, or the empty one after it. */
  private void chunkLine(ByteBuffer in) throws IOException {
    while (in.hasRemaining()) {
      byte b = in.get();
      if (b != '\n') {
        if (size == MAX_CHUNK_LINE_BYTES) {
          throw new ProtocolException(
              "Chunk header size too long: more than " + MAX_CHUNK_LINE_BYTES + " bytes");
        }
        add(b);
        continue;
      }
      String text = text(0, size).strip();
      size = 0;
      if (state == State.CHUNK_END) {
        if (!text.isEmpty()) {
          throw new ProtocolException("Chunk header expected after " + length + " bytes");
        }
        state = State.CHUNK_LINE;
      } else {
        chunk(text);
      }
      return;
    }
  }

  private void chunk(String text) throws ProtocolException {
    int extension = text.indexOf(';');
    String digits = (extension < 0 ? text : text.substring(0, extension)).strip();
    boolean valid =
        !digits.isEmpty()
            && digits.length() <= 15
            && digits.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 0x80);
    if (!valid) {
      throw new ProtocolException(
          "Illegal character in chunk size: \"" + LogText.line(digits, 60) + "\"");
    }
    length = Long.parseLong(digits, 16);
    remaining = length;
    lineStart = 0;
    state = length == 0 ? State.TRAILERS : State.CHUNK;
  }
}
