package dev.psc.scraper.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/**
 * A flood of a port by hostile clients. Each constant is what a client does with a connection until
 * it is cut off.
 */
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
  SLOW_CALLS {
    @Override
    void connect(int port) throws IOException {
      try (RawHttp2 client = new RawHttp2(port)) {
        client.socket.setSoTimeout(500);
        client.openIncomplete(100);
        client.socket.getInputStream().readAllBytes();
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
      String metrics = " HTTP/1.1\r\nHost: x\r\n\r\nGET /metrics".repeat(30);
      hold(port, "GET /debug/pprof/goroutine?debug=2" + metrics + " HTTP/1.1\r\nHost: x\r\n\r\n");
    }
  };

  /** How long a flood lasts: {@code -Dpsc.soak.seconds}. */
  static final Duration TIME = Duration.ofSeconds(Long.getLong("psc.soak.seconds", 5));

  private static final int ATTACKERS = 8;

  abstract void connect(int port) throws IOException;

  /** Floods a port for a time and returns the number of probes that succeeded meanwhile. */
  int attack(int port, Duration time, BooleanSupplier probe) throws InterruptedException {
    AtomicBoolean stop = new AtomicBoolean();
    int answers = 0;
    ExecutorService threads = Executors.newFixedThreadPool(ATTACKERS);
    for (int i = 0; i < ATTACKERS; i++) {
      threads.execute(
          () -> {
            while (!stop.get()) {
              try {
                connect(port);
              } catch (IOException e) {
                // Cut off; the next connection follows.
              }
            }
          });
    }
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() < end) {
      if (probe.getAsBoolean()) {
        answers++;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    stop.set(true);
    threads.shutdownNow();
    return answers;
  }

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
