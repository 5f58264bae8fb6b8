package dev.psc.examples.benchmarks.scraper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An HTTP/1.1 server with ready-made responses, on many addresses of loopback and one thread. It
 * does no more than a benchmark's client needs: requests without a body, connections that stay
 * open.
 *
 * <p>A response is one buffer outside the heap, shared by all connections. Runs until the process
 * ends.
 */
final class TargetServer {

  private static final int REQUEST_BYTES = 8 << 10;
  private static final byte[] END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Selector selector;
  private final Map<String, ByteBuffer> responses = new HashMap<>();
  private final ByteBuffer missing = response("404 Not Found", new byte[0]);
  private final int port;

  private TargetServer(Selector selector, int port) {
    this.selector = selector;
    this.port = port;
  }

  /**
   * Starts a server on the same port of several addresses.
   *
   * @param bodies the bodies by path
   */
  static TargetServer start(int addresses, Map<String, byte[]> bodies) throws IOException {
    Selector selector = Selector.open();
    int port = 0;
    for (String address : addresses(addresses)) {
      ServerSocketChannel listening = ServerSocketChannel.open();
      listening.bind(new InetSocketAddress(InetAddress.getByName(address), port), 256);
      port = ((InetSocketAddress) listening.getLocalAddress()).getPort();
      listening.configureBlocking(false).register(selector, SelectionKey.OP_ACCEPT);
    }
    TargetServer server = new TargetServer(selector, port);
    bodies.forEach((path, body) -> server.responses.put(path, response("200 OK", body)));
    Thread thread = new Thread(server::serve, "psc-benchmark-targets");
    thread.setDaemon(true);
    thread.start();
    return server;
  }

  /** Returns addresses of loopback. */
  static List<String> addresses(int count) {
    List<String> addresses = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      addresses.add("127.0." + i / 250 + "." + (i % 250 + 1));
    }
    return addresses;
  }

  int port() {
    return port;
  }

  private static ByteBuffer response(String status, byte[] body) {
    byte[] head =
        ("HTTP/1.1 "
                + status
                + "\r\nContent-Type: application/octet-stream\r\nContent-Length: "
                + body.length
                + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocateDirect(head.length + body.length).put(head).put(body).flip();
  }

  private void serve() {
    ByteBuffer in = ByteBuffer.allocateDirect(REQUEST_BYTES);
    while (true) {
      try {
        selector.select(key -> handle(key, in));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private void handle(SelectionKey key, ByteBuffer in) {
    try {
      if (key.channel() instanceof ServerSocketChannel listening) {
        accept(listening);
      } else if (key.channel() instanceof SocketChannel channel) {
        Connection connection = (Connection) key.attachment();
        if (connection.rest != null) {
          write(key, channel, connection, connection.rest);
        }
        if (connection.rest == null && key.isValid() && key.isReadable()) {
          read(key, channel, connection, in);
        }
      }
    } catch (IOException e) {
      // The client is gone.
      key.cancel();
      close(key);
    }
  }

  private static void close(SelectionKey key) {
    try {
      key.channel().close();
    } catch (IOException e) {
      // There is nothing left to do for it.
    }
  }

  private void accept(ServerSocketChannel listening) throws IOException {
    SocketChannel channel = listening.accept();
    if (channel != null) {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.configureBlocking(false).register(selector, SelectionKey.OP_READ, new Connection());
    }
  }

  private void read(SelectionKey key, SocketChannel channel, Connection connection, ByteBuffer in)
      throws IOException {
    in.clear();
    int read = channel.read(in);
    if (read < 0) {
      key.cancel();
      channel.close();
      return;
    }
    in.flip();
    byte[] bytes = new byte[connection.begun.length + in.remaining()];
    System.arraycopy(connection.begun, 0, bytes, 0, connection.begun.length);
    in.get(bytes, connection.begun.length, in.remaining());
    if (!endsWith(bytes)) {
      connection.begun = bytes;
      return;
    }
    connection.begun = Connection.NOTHING;
    write(key, channel, connection, responses.getOrDefault(path(bytes), missing).duplicate());
  }

  /** Writes what the socket accepts, and the rest when it is writable again. */
  private static void write(
      SelectionKey key, SocketChannel channel, Connection connection, ByteBuffer response)
      throws IOException {
    channel.write(response);
    connection.rest = response.hasRemaining() ? response : null;
    int wanted = connection.rest == null ? SelectionKey.OP_READ : SelectionKey.OP_WRITE;
    if (key.interestOps() != wanted) {
      key.interestOps(wanted);
    }
  }

  private static boolean endsWith(byte[] request) {
    int from = request.length - END.length;
    return from >= 0 && java.util.Arrays.equals(request, from, request.length, END, 0, END.length);
  }

  /** Returns the path between the two spaces of the request line, without its parameters. */
  private static String path(byte[] request) {
    int from = 0;
    while (from < request.length && request[from] != ' ') {
      from++;
    }
    int to = ++from;
    while (to < request.length && request[to] != ' ' && request[to] != '?') {
      to++;
    }
    return new String(
        request, Math.min(from, to), Math.max(0, to - from), StandardCharsets.US_ASCII);
  }

  private static final class Connection {
    static final byte[] NOTHING = {};

    byte[] begun = NOTHING;
    @org.jspecify.annotations.Nullable ByteBuffer rest;
  }
}
