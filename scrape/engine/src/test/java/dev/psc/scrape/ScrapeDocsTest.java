package dev.psc.scrape;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.Delivery;
import dev.psc.delivery.directory.DirectorySink;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import dev.psc.scrape.transform.LabelTransform;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Holds the page to what the code does. */
class ScrapeDocsTest {

  private static final Logger logger = LoggerFactory.getLogger(ScrapeDocsTest.class);

  private static List<String> firstColumn(String section) throws IOException {
    String page = Files.readString(Path.of("README.md"));
    int start = page.indexOf("## " + section);
    int end = page.indexOf("\n## ", start + 1);
    assertThat(start).isPositive();
    List<String> names = new ArrayList<>();
    Matcher rows = Pattern.compile("(?m)^\\| (`[^|]+`) \\|").matcher(page.substring(start, end));
    while (rows.find()) {
      for (String name : rows.group(1).split(", ", -1)) {
        names.add(name.replace("`", ""));
      }
    }
    return names;
  }

  @Test
  void listsEveryReason() throws IOException {
    assertThat(firstColumn("Scrape outcomes"))
        .containsExactlyElementsOf(
            Arrays.stream(ScrapeOutcome.values()).map(ScrapeOutcome::reason).toList());
  }

  @Test
  void listsEverySettingOfTheBuilder() throws IOException {
    TreeSet<String> settings = new TreeSet<>();
    for (var method : ScraperBuilder.class.getDeclaredMethods()) {
      if (Modifier.isPublic(method.getModifiers()) && !method.getName().equals("build")) {
        settings.add(method.getName());
      }
    }
    assertThat(new TreeSet<>(firstColumn("Settings of `Scraper.builder()`"))).isEqualTo(settings);
  }

  @Test
  void namesTheDefaultsThatAreInForce() throws IOException {
    String page = Files.readString(Path.of("README.md"));
    ScraperBuilder defaults = Scraper.builder();
    assertThat(page)
        .contains(String.format("| %,d |", defaults.maxConcurrentScrapes))
        .contains("| " + (defaults.deltaStateMaxBytes >> 20) + " MiB |")
        .contains("| `" + defaults.userAgent + "` |");
  }

  @Test
  void theSnippetsWork(@TempDir Path dir) throws Exception {
    ProfileSink sink = DirectorySink.create(dir);
    ScrapeJob job =
        ScrapeJob.builder("shop")
            .discovery(StaticDiscovery.of("10.0.0.7:6060", "10.0.0.8:6060"))
            .profile("memory", ProfileSettings.builder().computeDelta(true).build())
            .transform(LabelTransform.rename(Map.of("zone", "availability_zone")))
            .build();
    Scraper scraper =
        Scraper.builder().job(job).externalLabels(LabelSet.of("region", "eu-1")).build();
    Delivery delivery = Delivery.create(sink);
    delivery.start();
    scraper.start(delivery);
    try (TestServer server = TestServer.start(call -> call.answer(404, "text/plain", "none"))) {
      scraper.reload(
          List.of(
              ScrapeJob.builder("shop").discovery(StaticDiscovery.of(server.address())).build()));
      await()
          .atMost(RecordingSink.PATIENCE)
          .until(
              () ->
                  scraper.snapshot().targets().stream()
                      .allMatch(target -> target.target().name().contains(server.address())));
      String id = scraper.snapshot().targets().get(0).target().id();
      for (TargetStatus target : scraper.snapshot().targets()) {
        logger.info("{} {}: {}", target.target().name(), target.health(), target.lastError());
      }
      ScrapeReport report = scraper.scrapeNow(id).get(30, TimeUnit.SECONDS);
      assertThat(report.outcome()).isEqualTo(ScrapeOutcome.NOT_FOUND);
    } finally {
      scraper.close();
      delivery.close();
    }
  }
}
