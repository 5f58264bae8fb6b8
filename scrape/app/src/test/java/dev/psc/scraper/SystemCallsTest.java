package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.TestProfiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A limit on the system calls of a scrape, which do not depend on the machine's speed, unlike
 * times. What a start needs is taken out by the difference of a long and a short run.
 */
@Tag("interop")
class SystemCallsTest {

  private static final int TARGETS = 20;
  private static final int FEW = 200;
  private static final int MANY = 1_000;

  /** Reading, writing and waiting; not what the JVM does for itself. */
  private static final String COUNTED =
      "trace=read,write,readv,writev,sendto,recvfrom,futex,epoll_wait,?epoll_pwait2,epoll_ctl";

  /** From the request to the store; measured: 15. */
  private static final int MAX_PER_SCRAPE = 20;

  @TempDir private Path directory;
  private EmbeddedProfileStore store;
  private com.sun.net.httpserver.HttpServer targets;

  @BeforeEach
  void start() throws IOException {
    RealPrograms.assumeOnPath("strace");
    store = EmbeddedProfileStore.builder().plaintext().start();
    Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
    byte[] profile = TestProfiles.cpu("main");
    targets =
        com.sun.net.httpserver.HttpServer.create(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    targets.setExecutor(Executors.newCachedThreadPool());
    targets.createContext(
        "/",
        exchange -> {
          try (exchange) {
            exchange.sendResponseHeaders(200, profile.length);
            exchange.getResponseBody().write(profile);
          }
        });
    targets.start();
  }

  @AfterEach
  void stop() {
    if (targets != null) {
      targets.stop(0);
      store.close();
    }
  }

  @Test
  void needsFewSystemCallsForAScrape() throws Exception {
    long few = systemCalls(FEW);
    long many = systemCalls(MANY);

    assertThat((many - few) / (MANY - FEW)).isLessThan(MAX_PER_SCRAPE);
  }

  /** Returns the number of system calls from the start to the end of a scraper. */
  private long systemCalls(int scrapes) throws Exception {
    Path counts = directory.resolve("counts-" + scrapes);
    StringBuilder yaml =
        new StringBuilder(
            """
            scrape_configs:
            - job_name: app
              scrape_interval: 1s
              profiling_config:
                pprof_config:
                  block: {enabled: false}
                  goroutine: {enabled: false}
                  mutex: {enabled: false}
                  process_cpu: {enabled: false}
              static_configs:
            """);
    for (int i = 0; i < TARGETS; i++) {
      yaml.append("  - targets: ['127.0.0.1:")
          .append(targets.getAddress().getPort())
          .append("']\n    labels: {n: '")
          .append(i)
          .append("'}\n");
    }
    long before = store.profileCount();
    try (ScraperProcess scraper =
        ScraperProcess.start(
            directory,
            "set -- \"$0\" \"$@\"; exec strace -D -f -c -e "
                + COUNTED
                + " -o "
                + counts
                + " \"$@\";",
            // The C2 compiler would go on for minutes.
            List.of("-Xmx64m", "-XX:TieredStopAtLevel=1"),
            yaml.toString(),
            "--store-address=" + store.address(),
            "--insecure",
            "--bearer-token-file=" + directory.resolve("token"),
            "--grpc-headers=projectID=" + store.project())) {
      await().atMost(Duration.ofMinutes(3)).until(() -> store.profileCount() - before >= scrapes);
      scraper.terminate();
    }
    // The tracer outlives the scraper by a moment.
    await().atMost(Duration.ofSeconds(20)).until(() -> total(counts) > 0);
    return total(counts);
  }

  /** Returns the calls of the last line, whose other columns are shares, times and errors. */
  private static long total(Path counts) throws IOException {
    if (!Files.exists(counts)) {
      return 0;
    }
    for (String line : Files.readAllLines(counts)) {
      if (line.endsWith(" total")) {
        return Long.parseLong(line.strip().split(" +", -1)[3]);
      }
    }
    return 0;
  }
}
