package dev.psc.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An HTTP/1.1 server in front of a store: it answers every request, or every HTTP/2 preface, with
 * an error page, or opens tunnels to one port of this machine like a proxy.
 */
final class HttpFrontDoor implements AutoCloseable {

  /** The heads of the requests so far. */
  final List<String> heads = new CopyOnWriteArrayList<>();

  private final ServerSocket server;
  private final int target;
  private final List<Socket> open = new CopyOnWriteArrayList<>();
  private volatile String refusal;

  /**
   * Starts listening.
   *
   * @param port 0 for a free one
   * @param refusal status line of the page, or empty to open tunnels
   */
  HttpFrontDoor(int port, int target, String refusal) throws IOException {
    this.server = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    this.refusal = refusal;
    start(this::acceptAll);
  }

  int port() {
    return server.getLocalPort();
  }

  void openTunnels() {
    refusal = "";
  }

  private static void start(Runnable task) {
    Thread thread = new Thread(task, "test-front-door");
    thread.setDaemon(true);
    thread.start();
  }

  private void acceptAll() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        open.add(client);
        start(() -> serve(client));
      } catch (IOException e) {
        // Closed, or a client that was gone before it was let in: the loop's condition tells.
        heads.add("not accepted: " + e.getMessage());
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      String head = head(client.getInputStream());
      String page = refusal;
      heads.add(head);
      if (page.isEmpty()) {
        answer(client, "HTTP/1.1 200 OK\r\n\r\n");
        tunnel(client);
      } else {
        String body = "<html><h1>" + page + "</h1></html>";
        answer(
            client,
            "HTTP/1.1 "
                + page
                + "\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body);
        // Closing with bytes unread would reset the connection, and take the page back.
        client.shutdownOutput();
        client.getInputStream().transferTo(OutputStream.nullOutputStream());
      }
    } catch (IOException e) {
      heads.add("ended: " + e.getMessage());
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no head");
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static void answer(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    client.getOutputStream().flush();
  }

  private void tunnel(Socket client) throws IOException {
    try (Socket store = new Socket(InetAddress.getLoopbackAddress(), target)) {
      open.add(store);
      start(() -> copy(client, store));
      store.getInputStream().transferTo(client.getOutputStream());
    }
  }

  private void copy(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException e) {
      heads.add("ended: " + e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
