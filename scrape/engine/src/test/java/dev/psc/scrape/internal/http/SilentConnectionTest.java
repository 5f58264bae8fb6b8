package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.testkit.TestCertificates;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Connections to Go's HTTP/2 server that transfer nothing any more, although neither side closed
 * them.
 */
@Tag("interop")
class SilentConnectionTest {

  private static final String SERVER =
      """
      package main

      import (
        "fmt"
        "net"
        "net/http"
        "os"
      )

      func main() {
        http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
          fmt.Fprint(w, r.Proto, " ", r.Host, " ", r.RemoteAddr)
        })
        listener, err := net.Listen("tcp", "127.0.0.1:0")
        if err != nil {
          panic(err)
        }
        fmt.Println(listener.Addr().(*net.TCPAddr).Port)
        panic(http.ServeTLS(listener, nil, os.Args[1], os.Args[2]))
      }
      """;

  /** Of requests that get no answer; the others have time for a handshake on a busy machine. */
  private static final Duration SILENCE = Duration.ofSeconds(2);

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @TempDir private Path directory;
  private final ClientsFixture http = new ClientsFixture();
  private TestCertificates certificates;
  private Process server;
  private HoleProxy proxy;

  @BeforeEach
  void start() throws Exception {
    certificates = TestCertificates.generate();
    Path certificate = Files.writeString(directory.resolve("c.pem"), certificates.serverPem());
    Path key = Files.writeString(directory.resolve("k.pem"), certificates.serverKeyPem());
    Path source = Files.writeString(directory.resolve("server.go"), SERVER);
    Path program = directory.resolve("server");
    Process build;
    try {
      build =
          new ProcessBuilder("go", "build", "-o", program.toString(), source.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
    } catch (IOException e) {
      abort("not tested: Go is missing (" + e.getMessage() + ")");
      return;
    }
    assertThat(build.waitFor()).isZero();
    server =
        new ProcessBuilder(program.toString(), certificate.toString(), key.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII));
    proxy = new HoleProxy(Integer.parseInt(out.readLine()));
  }

  @AfterEach
  void stop() throws IOException {
    http.close();
    if (proxy != null) {
      proxy.close();
    }
    if (server != null) {
      server.destroyForcibly();
    }
  }

  private HttpSettings settings(boolean http2) {
    return HttpSettings.builder()
        .enableHttp2(http2)
        .tls(
            new TlsSettings(
                Optional.of(SecretSource.of(Secret.of(certificates.authorityPem()))),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty()))
        .build();
  }

  private String get(HttpSettings settings) throws HttpFailure, InterruptedException {
    return get(settings, proxy.port(), PATIENCE);
  }

  private String get(HttpSettings settings, int port, Duration timeout)
      throws HttpFailure, InterruptedException {
    return new String(
        http.clients
            .get(
                new HttpGet(
                    URI.create("https://127.0.0.1:" + port + "/"),
                    settings,
                    Map.of(),
                    timeout,
                    1 << 16))
            .body(),
        StandardCharsets.UTF_8);
  }

  private void assertTimesOut(HttpSettings settings) {
    assertThatThrownBy(() -> get(settings, proxy.port(), SILENCE))
        .isInstanceOfSatisfying(
            HttpFailure.class,
            failure -> assertThat(failure.outcome()).isEqualTo(ScrapeOutcome.TIMEOUT));
  }

  @Test
  void usesAFreshConnectionAfterATimeoutOverHttp2() throws Exception {
    HttpSettings settings = settings(true);
    String before = get(settings);
    assertThat(before).startsWith("HTTP/2.0 127.0.0.1:" + proxy.port());
    assertThat(get(settings)).as("the connection is kept").isEqualTo(before);
    for (int i = 0; i < 3; i++) {
      proxy.silence();
      assertTimesOut(settings);
      String after = get(settings);
      assertThat(after).startsWith("HTTP/2.0 ").isNotEqualTo(before);
      assertThat(get(settings)).as("the fresh connection is kept").isEqualTo(after);
      before = after;
    }
    assertThat(http.clients.size()).isEqualTo(2);
  }

  @Test
  void leavesTheConnectionsOfOtherOriginsAlone() throws Exception {
    HttpSettings settings = settings(true);
    try (HoleProxy other = new HoleProxy(proxy.target)) {
      String healthy = get(settings, other.port(), PATIENCE);
      get(settings);
      proxy.silence();
      assertTimesOut(settings);
      get(settings);
      assertThat(get(settings, other.port(), PATIENCE)).isEqualTo(healthy);
    }
  }

  @Test
  void recoversOverHttp1AsBefore() throws Exception {
    HttpSettings settings = settings(false);
    assertThat(get(settings)).startsWith("HTTP/1.1 ");
    proxy.silence();
    assertTimesOut(settings);
    assertThat(get(settings)).startsWith("HTTP/1.1 ");
    assertThat(http.clients.size()).isEqualTo(1);
  }

  /** A TCP proxy whose connections can be made to pass nothing any more, without being closed. */
  private static final class HoleProxy implements AutoCloseable {
    private final ServerSocket socket;
    private final int target;
    private final AtomicInteger generation = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);

    HoleProxy(int target) throws IOException {
      this.target = target;
      this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      start(this::accept);
    }

    int port() {
      return socket.getLocalPort();
    }

    /** Silences the connections that are open; later ones work. */
    void silence() {
      generation.incrementAndGet();
    }

    private static void start(Runnable task) {
      Thread thread = new Thread(task, "psc-test-hole");
      thread.setDaemon(true);
      thread.start();
    }

    private void accept() {
      while (true) {
        try {
          Socket client = socket.accept();
          Socket there = new Socket(InetAddress.getLoopbackAddress(), target);
          int born = generation.get();
          start(() -> pump(client, there, born));
          start(() -> pump(there, client, born));
        } catch (IOException end) {
          return;
        }
      }
    }

    private void pump(Socket from, Socket to, int born) {
      byte[] buffer = new byte[8192];
      try {
        for (int n = from.getInputStream().read(buffer);
            n >= 0;
            n = from.getInputStream().read(buffer)) {
          if (generation.get() != born) {
            closed.await();
            return;
          }
          to.getOutputStream().write(buffer, 0, n);
        }
        to.close();
      } catch (IOException end) {
        return;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    @Override
    public void close() throws IOException {
      closed.countDown();
      socket.close();
    }
  }
}
