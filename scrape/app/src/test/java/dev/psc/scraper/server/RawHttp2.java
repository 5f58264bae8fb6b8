package dev.psc.scraper.server;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An HTTP/2 client that sends what a well-behaved one does not. Not thread-safe. */
final class RawHttp2 implements AutoCloseable {

  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final byte[] EMPTY_MESSAGE = new byte[5];
  private static final byte[] CANCEL = {0, 0, 0, 8};

  final Socket socket;
  private int nextStream = 1;

  RawHttp2(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    ByteArrayOutputStream start = new ByteArrayOutputStream();
    start.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(start, SETTINGS, 0, 0, new byte[0]);
    socket.getOutputStream().write(start.toByteArray());
  }

  /** Opens this many {@code Health/Watch} calls and resets each of them immediately. */
  void openAndReset(int streams) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < streams; i++) {
      int stream = watch(out);
      frame(out, RST_STREAM, 0, stream, CANCEL);
    }
    socket.getOutputStream().write(out.toByteArray());
  }

  /** Opens this many {@code Health/Watch} calls. */
  void open(int streams) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < streams; i++) {
      watch(out);
    }
    socket.getOutputStream().write(out.toByteArray());
  }

  /**
   * Opens this many {@code Health/Watch} calls and sends only the first bytes of their requests.
   */
  void openIncomplete(int streams) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < streams; i++) {
      frame(out, HEADERS, END_HEADERS, nextStream, headers());
      frame(out, DATA, 0, nextStream, new byte[] {0, 0, 1, 0, 0, 1, 2, 3});
      nextStream += 2;
    }
    socket.getOutputStream().write(out.toByteArray());
  }

  /** Sends pings. */
  void ping(int count) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      frame(out, PING, 0, 0, new byte[8]);
    }
    socket.getOutputStream().write(out.toByteArray());
  }

  private int watch(ByteArrayOutputStream out) {
    int stream = nextStream;
    nextStream += 2;
    frame(out, HEADERS, END_HEADERS, stream, headers());
    frame(out, DATA, END_STREAM, stream, EMPTY_MESSAGE);
    return stream;
  }

  /** The header block of a call, by HPACK's static table and literals without Huffman coding. */
  private static byte[] headers() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(0x83); // :method POST
    block.write(0x86); // :scheme http
    literal(block, 4, "/grpc.health.v1.Health/Watch"); // :path
    literal(block, 1, "x"); // :authority
    block.write(0x0f); // index 31, content-type
    block.write(31 - 15);
    text(block, "application/grpc");
    block.write(0);
    text(block, "te");
    text(block, "trailers");
    return block.toByteArray();
  }

  private static void literal(ByteArrayOutputStream block, int nameIndex, String value) {
    block.write(nameIndex);
    text(block, value);
  }

  private static void text(ByteArrayOutputStream block, String value) {
    block.write(value.length());
    block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
  }

  private static void frame(
      ByteArrayOutputStream out, int type, int flags, int stream, byte[] payload) {
    out.write(payload.length >> 16);
    out.write(payload.length >> 8);
    out.write(payload.length);
    out.write(type);
    out.write(flags);
    out.write(stream >> 24);
    out.write(stream >> 16);
    out.write(stream >> 8);
    out.write(stream);
    out.writeBytes(payload);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
