package dev.psc.scraper.store;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.psc.delivery.status.DeliveryEvent;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class LossLogTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger(StoreConnection.class);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final LossLog log = new LossLog(now::get);

  @BeforeEach
  void listen() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(lines);
  }

  private void lose(int times, String reason) {
    for (int i = 0; i < times; i++) {
      log.add(new DeliveryEvent.Dropped(2, 100, reason, "the queue is full"));
    }
  }

  private List<String> logged() {
    return lines.list.stream()
        .map(line -> line.getFormattedMessage() + line.getKeyValuePairs())
        .toList();
  }

  @Test
  void logsOneLinePerReasonAndMinuteWithTheSum() {
    lose(1_000, "queue_full");
    lose(1, "expired");
    assertThat(logged())
        .containsExactly(
            "Profiles lost: the queue is full[reason=\"queue_full\", profiles=\"2\"]",
            "Profiles lost: the queue is full[reason=\"expired\", profiles=\"2\"]");
    now.addAndGet(LossLog.INTERVAL.toNanos());
    lose(1, "queue_full");
    assertThat(logged()).hasSize(3).last().asString().contains("profiles=\"2000\"");
  }

  @Test
  void logsTheRestAtTheEndOnce() {
    lose(10, "queue_full");
    log.flush();
    log.flush();
    assertThat(logged()).hasSize(2).last().asString().contains("profiles=\"18\"");
  }
}
