package dev.psc.scraper.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.slf4j.event.KeyValuePair;

class LogLinesTest {

  private static String line(boolean json, String message, Throwable thrown) {
    LoggingEvent event =
        new LoggingEvent(
            "x",
            new LoggerContext().getLogger("dev.psc.scrape.Loop"),
            Level.WARN,
            message,
            thrown,
            null);
    event.setInstant(Instant.ofEpochSecond(1));
    event.addKeyValuePair(new KeyValuePair("target", "http://h:1/x?a=b"));
    return new String(new LogLines(json).encode(event), StandardCharsets.UTF_8);
  }

  @Test
  void writesLogfmtWithQuotesOnlyWhereNeeded() {
    assertThat(line(false, "scrape failed", null))
        .isEqualTo(
            "level=warn ts=1970-01-01T00:00:01Z logger=Loop msg=\"scrape failed\""
                + " target=\"http://h:1/x?a=b\"\n");
  }

  @Test
  void writesOneJsonObjectPerLine() {
    assertThat(line(true, "a \"b\"\nc", null))
        .isEqualTo(
            "{\"level\":\"warn\",\"ts\":\"1970-01-01T00:00:01Z\",\"logger\":\"Loop\","
                + "\"msg\":\"a \\\"b\\\"\\nc\",\"target\":\"http://h:1/x?a=b\"}\n");
  }

  @Test
  void neverTakesASecondLineForAnEvent() {
    assertThat(line(false, "a\nb", new IllegalStateException("c\nd")).trim()).doesNotContain("\n");
  }
}
