package dev.psc.scrape.testing;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLServerSocket;

/**
 * A server on loopback that answers byte by byte as a test says, right or wrong. Connections stay
 * open for further requests unless a handler closes them.
 */
public final class TestServer implements AutoCloseable {

  /** Answers one request; what it throws ends the connection. */
  @FunctionalInterface
  public interface Handler {
    /** Answers. */
    void answer(Call call) throws IOException, InterruptedException;
  }

  /** One request. */
  public static final class Call implements Closeable {
    private final Socket socket;
    private final String head;

    private Call(Socket socket, String head) {
      this.socket = socket;
      this.head = head;
    }

    /** Returns the request line, e.g. {@code GET /debug/pprof/heap HTTP/1.1}. */
    public String line() {
      return head.substring(0, head.indexOf("\r\n"));
    }

    /** Returns the path with the query. */
    public String path() {
      return line().split(" ", -1)[1];
    }

    /** Returns a header's value, or the empty text. */
    public String header(String name) {
      for (String line : head.split("\r\n", -1)) {
        if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
          return line.substring(name.length() + 1).strip();
        }
      }
      return "";
    }

    /** Returns the request's head as it came. */
    public String head() {
      return head;
    }

    /** Returns the body of a request with a length. */
    public String body() throws IOException {
      String length = header("Content-Length");
      return length.isEmpty()
          ? ""
          : new String(
              socket.getInputStream().readNBytes(Integer.parseInt(length)), StandardCharsets.UTF_8);
    }

    /** Returns the connection. */
    public Socket socket() {
      return socket;
    }

    /** Writes and flushes. */
    public void write(byte[] bytes) throws IOException {
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
    }

    /** Writes and flushes. */
    public void write(String text) throws IOException {
      write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Answers properly. */
    public void answer(int status, String contentType, byte[] body) throws IOException {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.write(
          ("HTTP/1.1 "
                  + status
                  + " x\r\nContent-Type: "
                  + contentType
                  + "\r\nContent-Length: "
                  + body.length
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.ISO_8859_1));
      all.write(body);
      write(all.toByteArray());
    }

    /** Answers properly. */
    public void answer(int status, String contentType, String body) throws IOException {
      answer(status, contentType, body.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends somewhere else. */
    public void redirect(int status, String location) throws IOException {
      write("HTTP/1.1 " + status + " x\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private final ServerSocket server;
  private final String scheme;
  private final ExecutorService threads;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final Queue<String> heads = new ConcurrentLinkedQueue<>();
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicInteger asking = new AtomicInteger();
  private volatile Handler handler;

  private TestServer(ServerSocket server, String scheme, Handler handler) {
    this.server = server;
    this.scheme = scheme;
    this.handler = handler;
    this.threads =
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "psc-test-server");
              thread.setDaemon(true);
              return thread;
            });
    threads.execute(this::accept);
  }

  /** Starts a server without TLS. */
  public static TestServer start(Handler handler) throws IOException {
    return new TestServer(
        new ServerSocket(0, 200, InetAddress.getLoopbackAddress()), "http", handler);
  }

  /** Starts a server with TLS. */
  public static TestServer start(SSLServerSocket socket, Handler handler) {
    return new TestServer(socket, "https", handler);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        connections.incrementAndGet();
        open.add(socket);
        threads.execute(() -> serve(socket));
      } catch (IOException closed) {
        return;
      }
    }
  }

  private void serve(Socket socket) {
    boolean first = true;
    try (socket) {
      while (true) {
        String head = head(socket.getInputStream());
        if (first) {
          asking.incrementAndGet();
          first = false;
        }
        heads.add(head);
        handler.answer(new Call(socket, head));
      }
    } catch (IOException ended) {
      // The client went away, or the handler is done with it.
      open.remove(socket);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      open.remove(socket);
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (!head.toString().endsWith("\r\n\r\n")) {
      int c = in.read();
      if (c < 0) {
        throw new IOException("the client closed");
      }
      head.append((char) c);
      if (c == 0x16 && head.length() == 1) {
        // The beginning of TLS: no request that this server could wait for the end of.
        return "TLS TLS TLS\r\n\r\n";
      }
    }
    return head.toString();
  }

  /** Answers otherwise from now on. */
  public void handler(Handler handler) {
    this.handler = handler;
  }

  /** Returns {@code host:port}. */
  public String address() {
    return "127.0.0.1:" + server.getLocalPort();
  }

  /** Returns the port. */
  public int port() {
    return server.getLocalPort();
  }

  /** Returns the URL of a path. */
  public String url(String path) {
    return scheme + "://" + address() + path;
  }

  /** Returns the heads of all requests so far. */
  public List<String> heads() {
    return List.copyOf(heads);
  }

  /** Returns the number of accepted connections. */
  public int connections() {
    return connections.get();
  }

  /** Returns how many connections were made without a request so far. */
  public int silentConnections() {
    return connections.get() - asking.get();
  }

  /** Returns how many connections are open. */
  public int openConnections() {
    return open.size();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
    threads.shutdownNow();
  }
}
