package dev.psc.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.testing.TestTargets;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * A limit on what a scrape allocates, from the request to the receiver. Counts of bytes do not
 * depend on the machine, unlike times; the limit is some 30 percent above what is measured.
 */
@Timeout(120)
@Isolated("counts what the JVM's threads allocate")
class ScrapeAllocationTest {

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final int SCRAPES = 300;
  private static final int PROFILE_BYTES = 12_000;

  /** The body, an inflated copy of it that is used again, the request and the headers. */
  private static final long MAX_BYTES = 40_000;

  @Test
  void allocatesAFewTimesTheBody() throws Exception {
    byte[] profile = profile();
    try (TestServer server =
            TestServer.start(call -> call.answer(200, "application/octet-stream", profile));
        Scraper scraper =
            Scraper.builder()
                .job(
                    TestTargets.job("a")
                        .interval(Duration.ofDays(365))
                        .discovery(StaticDiscovery.of(server.address()))
                        .build())
                .build()) {
      scraper.start(received -> new Acceptance.Accepted());
      await().until(() -> scraper.snapshot().targets().size() == 1);
      String id = scraper.snapshot().targets().get(0).target().id();
      scrape(scraper, id);
      long before = allocatedBytes();
      scrape(scraper, id);
      assertThat((allocatedBytes() - before) / SCRAPES).isLessThan(MAX_BYTES);
    }
  }

  private static void scrape(Scraper scraper, String id) throws Exception {
    for (int i = 0; i < SCRAPES; i++) {
      assertThat(scraper.scrapeNow(id).get(60, TimeUnit.SECONDS).message()).isEmpty();
    }
  }

  private static long allocatedBytes() {
    long sum = 0;
    for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
      if (thread != null
          && (thread.getThreadName().startsWith("psc-scrape")
              || thread.getThreadName().startsWith("HttpClient"))) {
        sum += THREADS.getThreadAllocatedBytes(thread.getThreadId());
      }
    }
    return sum;
  }

  private static byte[] profile() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("contentions", "count");
    profile.timeNanos(1_790_000_000_000_000_000L);
    SplittableRandom random = new SplittableRandom(11);
    int[] locations = new int[400];
    for (int i = 0; i < locations.length; i++) {
      int function = profile.function("pkg" + i % 31 + ".f" + i, "", "f" + i % 60 + ".go", 0);
      locations[i] = profile.location(0, 0, function, i % 500);
    }
    int[] stack = new int[20];
    byte[] body = {};
    while (body.length < PROFILE_BYTES) {
      for (int level = 0; level < stack.length; level++) {
        stack[level] = locations[random.nextInt(locations.length)];
      }
      profile.sample(stack, 0, stack.length, ProfileBuilder.NO_LABELS, random.nextInt(5_000));
      body = profile.build();
    }
    return body;
  }
}
