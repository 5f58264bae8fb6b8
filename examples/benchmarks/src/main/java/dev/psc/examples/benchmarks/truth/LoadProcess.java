package dev.psc.examples.benchmarks.truth;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** HTTP requests at random times over 16 connections, from another JVM. */
final class LoadProcess implements AutoCloseable {

  private static final int CONNECTIONS = 16;

  private final Process process;

  LoadProcess(int port, int perSecond) throws IOException {
    process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                LoadProcess.class.getName(),
                Integer.toString(port),
                Integer.toString(perSecond))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
  }

  @Override
  public void close() {
    process.destroy();
  }

  public static void main(String[] arguments) throws Exception {
    int port = Integer.parseInt(arguments[0]);
    double everyNanos = 1e9 * CONNECTIONS / Integer.parseInt(arguments[1]);
    for (int i = 0; i < CONNECTIONS; i++) {
      Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setTcpNoDelay(true);
      SplittableRandom random = new SplittableRandom(i);
      new Thread(() -> send(socket, random, everyNanos), "load-" + i).start();
    }
  }

  private static void send(Socket socket, SplittableRandom random, double everyNanos) {
    byte[] request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    byte[] response = new byte[65_536];
    try (socket) {
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      long next = System.nanoTime();
      while (true) {
        // Random times, as a profiler that samples at fixed times would see some parts of
        // requests at fixed times only.
        next += Math.round(-everyNanos * Math.log(1 - random.nextDouble()));
        LockSupport.parkNanos(next - System.nanoTime());
        out.write(request);
        // Every response is small and arrives in one segment or a few.
        if (in.read(response) < 0) {
          return;
        }
        while (in.available() > 0 && in.read(response) > 0) {
          // the rest
        }
      }
    } catch (IOException e) {
      // the server ended
    }
  }
}
