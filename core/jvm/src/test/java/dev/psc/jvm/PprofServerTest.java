package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.jvm.internal.runtime.OwnThreads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The pprof endpoint, with clients that are slow on purpose. */
class PprofServerTest {

  private static final InetAddress HERE = InetAddress.getLoopbackAddress();

  private static JvmProfiling profiling;
  private final List<Socket> clients = new ArrayList<>();
  private PprofServer server;

  @BeforeAll
  static void profile() {
    profiling = JvmProfiling.builder().start();
  }

  @AfterAll
  static void stopProfiling() {
    profiling.close();
  }

  @BeforeEach
  void start() throws IOException {
    server =
        PprofServer.start(
            new InetSocketAddress(HERE, 0),
            profiling.handler(),
            OwnThreads.daemons(),
            false,
            Duration.ofSeconds(30));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    for (Socket client : clients) {
      client.close();
    }
  }

  private Socket connect() throws IOException {
    Socket client = new Socket(HERE, server.address().getPort());
    client.setSoTimeout(30_000);
    clients.add(client);
    return client;
  }

  private static void send(Socket client, String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private int status(String path) throws Exception {
    return status(server.address().getPort(), path);
  }

  private static int status(int port, String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(30))
                .build(),
            HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void servesOthersWhileManyClientsSendAByteAndWait() throws Exception {
    for (int i = 0; i < 100; i++) {
      send(connect(), "G");
    }
    assertThat(status("/debug/pprof/")).isEqualTo(200);
    assertThat(status("/debug/pprof/goroutine")).isEqualTo(200);
  }

  @Test
  void servesOthersWhileManyClientsSendAByteAndReconnect() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger connections = new AtomicInteger();
    ExecutorService threads = Executors.newFixedThreadPool(50);
    try {
      for (int i = 0; i < 50; i++) {
        threads.execute(
            () -> {
              while (!stop.get()) {
                try (Socket client = new Socket(HERE, server.address().getPort())) {
                  connections.incrementAndGet();
                  send(client, "G");
                  client.setSoTimeout(20);
                  client.getInputStream().read();
                } catch (IOException e) {
                  // The next one follows.
                }
              }
            });
      }
      await().untilAsserted(() -> assertThat(connections.get()).isGreaterThan(100));
      for (int i = 0; i < 10; i++) {
        assertThat(status("/debug/pprof/")).isEqualTo(200);
      }
    } finally {
      stop.set(true);
      threads.shutdownNow();
    }
  }

  @Test
  void theSilentConnectionThatIsOldestMakesRoomForANewOne() throws Exception {
    for (int i = 0; i < PprofServer.MAX_CONNECTIONS + 10; i++) {
      send(connect(), "G");
    }
    assertThat(status("/debug/pprof/")).isEqualTo(200);
    assertThat(readAll(clients.get(0))).isEmpty();
  }

  @Test
  void servesOthersWhileManyClientsDoNotReadTheirResponses() throws Exception {
    for (int i = 0; i < 64; i++) {
      send(connect(), "GET /debug/pprof/goroutine?debug=2 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    await().untilAsserted(() -> assertThat(status("/debug/pprof/")).isEqualTo(200));
  }

  @Test
  void readsARequestThatArrivesInPieces() throws Exception {
    Socket client = connect();
    client.setTcpNoDelay(true);
    for (char c : "GET /debug/pprof/ HTTP/1.1\nHost: x\r\n\r\n".toCharArray()) {
      send(client, String.valueOf(c));
    }
    assertThat(readAll(client)).startsWith("HTTP/1.1 200 OK").endsWith("</html>\n");
  }

  @Test
  void refusesWhatIsNotHttpAndHeadsThatAreTooLarge() throws Exception {
    Socket client = connect();
    send(client, "hello\r\n\r\n");
    assertThat(readAll(client)).startsWith("HTTP/1.1 400 ");
    Socket large = connect();
    send(large, "GET / HTTP/1.1\r\nX: " + "y".repeat(20_000));
    assertThat(readAll(large)).isEmpty();
  }

  @Test
  void closesOpenConnectionsWithTheServer() throws Exception {
    Socket client = connect();
    send(client, "G");
    assertThat(status("/debug/pprof/")).isEqualTo(200);
    server.close();
    assertThat(readAll(client)).isEmpty();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void waitsForFileDescriptorsWithoutALoopOrALogOfFailures(@TempDir Path directory)
      throws Exception {
    Path log = directory.resolve("log");
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n 150; exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                DescriptorProgram.class.getName())
            .redirectError(log.toFile())
            .start();
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = out.readLine();
      while (line != null && !line.startsWith("port ")) {
        line = out.readLine();
      }
      int port = Integer.parseInt(String.valueOf(line).substring(5));
      assertThat(status(port, "/debug/pprof/")).isEqualTo(200);
      OutputStream in = process.getOutputStream();
      in.write('x');
      in.flush();
      assertThat(next(out)).isEqualTo("taken");
      try (Socket client = new Socket(HERE, port)) {
        send(client, "GET /debug/pprof/ HTTP/1.1\r\nHost: x\r\n\r\n");
        client.setSoTimeout(5_000);
        Duration before = process.info().totalCpuDuration().orElseThrow();
        assertNothingArrives(client);
        Duration used = process.info().totalCpuDuration().orElseThrow().minus(before);
        assertThat(used).isLessThan(Duration.ofSeconds(3));
        assertThat(Files.size(log)).isLessThan(64 << 10);
        in.write('x');
        in.flush();
        assertThat(next(out)).isEqualTo("released");
        client.setSoTimeout(30_000);
        assertThat(readAll(client)).startsWith("HTTP/1.1 200 OK");
      }
    } finally {
      process.destroyForcibly();
    }
  }

  private static void assertNothingArrives(Socket client) throws IOException {
    try {
      assertThat(client.getInputStream().read()).as("a byte").isEqualTo(-2);
    } catch (java.net.SocketTimeoutException e) {
      assertThat(client.isClosed()).isFalse();
    }
  }

  private static String next(BufferedReader out) throws IOException {
    String line = out.readLine();
    while (line != null && !line.equals("taken") && !line.equals("released")) {
      line = out.readLine();
    }
    return String.valueOf(line);
  }

  private static String readAll(Socket client) throws IOException {
    try {
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (SocketException e) {
      return ""; // Reset, because bytes of the request were not read.
    }
  }
}
