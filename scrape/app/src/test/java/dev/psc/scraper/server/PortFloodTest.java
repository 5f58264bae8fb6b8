package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.scraper.ScraperProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A scraper with a heap of 64 MB while its port is flooded. */
@Tag("slow")
class PortFloodTest {

  private static final int ATTACKERS = 8;
  private static final String CONFIG =
      """
      scrape_configs:
      - job_name: a
        scrape_interval: 1s
        scrape_timeout: 1s
        static_configs: [{targets: ['127.0.0.1:1']}]
      """;

  @TempDir private Path directory;

  /** What an attacker does with a connection, until it is cut off. */
  enum Flood {
    RESETS {
      @Override
      void connect(int port) throws IOException {
        try (RawHttp2 client = new RawHttp2(port)) {
          while (true) {
            client.openAndReset(50);
          }
        }
      }
    },
    OPEN_CALLS {
      @Override
      void connect(int port) throws IOException {
        try (RawHttp2 client = new RawHttp2(port)) {
          client.socket.setSoTimeout(1_000);
          client.open(200);
          client.socket.getInputStream().readAllBytes();
        }
      }
    },
    PINGS {
      @Override
      void connect(int port) throws IOException {
        try (RawHttp2 client = new RawHttp2(port)) {
          while (true) {
            client.ping(1_000);
          }
        }
      }
    },
    CONNECTIONS {
      @Override
      void connect(int port) throws IOException {
        new Socket(InetAddress.getLoopbackAddress(), port).close();
      }
    },
    SLOW_HEADS {
      @Override
      void connect(int port) throws IOException {
        hold(port, "GET / HTTP/1.1\r\nX: ");
      }
    },
    SLOW_BODIES {
      @Override
      void connect(int port) throws IOException {
        hold(port, "POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\nx");
      }
    },
    DEAF_READERS {
      @Override
      void connect(int port) throws IOException {
        hold(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(30));
      }
    };

    abstract void connect(int port) throws IOException;

    /** Opens connections that send a text and neither more nor read. */
    static void hold(int port, String text) throws IOException {
      List<Socket> sockets = new ArrayList<>();
      try {
        for (int i = 0; i < 100; i++) {
          Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
          sockets.add(socket);
          socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        }
        Thread.sleep(500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        for (Socket socket : sockets) {
          socket.close();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void keepsAnsweringAndEnds(Flood flood) throws Exception {
    flood(flood, Duration.ofSeconds(Long.getLong("psc.soak.seconds", 5)), "");
  }

  @ParameterizedTest
  @EnumSource(names = {"SLOW_HEADS", "CONNECTIONS"})
  void survivesALackOfFileDescriptors(Flood flood) throws Exception {
    try (ScraperProcess scraper = start("ulimit -n 150;")) {
      attack(scraper, flood, Duration.ofSeconds(3));
      await().atMost(Duration.ofSeconds(30)).until(() -> scraper.status("/healthz") == 200);
      assertThat(scraper.log().length()).isLessThan(100_000);
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
    }
  }

  private ScraperProcess start(String limits) throws IOException {
    return ScraperProcess.start(
        directory,
        limits,
        List.of("-Xmx64m"),
        CONFIG,
        "--store-address=127.0.0.1:1",
        "--insecure",
        "--shutdown-timeout=1s");
  }

  private void flood(Flood flood, Duration time, String limits) throws Exception {
    try (ScraperProcess scraper = start(limits)) {
      assertThat(scraper.status("/healthz")).as(scraper.log()).isEqualTo(200);
      int answers = attack(scraper, flood, time);
      assertThat(answers).as("healthy answers during the flood").isPositive();
      assertThat(scraper.isAlive()).as(scraper.log()).isTrue();
      assertThat(scraper.status("/metrics")).isEqualTo(200);
      assertThat(scraper.log().lines().count()).as("lines of log").isLessThan(100);
      assertThat(scraper.terminate()).isLessThan(Duration.ofSeconds(6));
      assertThat(scraper.exitCode()).isZero();
    }
  }

  /** Attacks for a time and returns the number of probes that were answered. */
  private static int attack(ScraperProcess scraper, Flood flood, Duration time) throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    int answers = 0;
    ExecutorService threads = Executors.newFixedThreadPool(ATTACKERS);
    for (int i = 0; i < ATTACKERS; i++) {
      threads.execute(
          () -> {
            while (!stop.get()) {
              try {
                flood.connect(scraper.port());
              } catch (IOException e) {
                // Cut off; the next connection follows.
              }
            }
          });
    }
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      if (scraper.status("/healthz") == 200) {
        answers++;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    stop.set(true);
    threads.shutdownNow();
    return answers;
  }
}
