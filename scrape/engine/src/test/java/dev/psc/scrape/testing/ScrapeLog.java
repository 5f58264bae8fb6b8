package dev.psc.scrape.testing;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.psc.scrape.internal.loop.ScrapeScheduler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.LoggerFactory;

/** What all scrape loops of this JVM log until it is closed. Thread-safe. */
public final class ScrapeLog implements AutoCloseable {

  private static final Pattern LEFT_OUT =
      Pattern.compile("(\\d+) messages about failing scrapes were left out");

  private final Logger logger = (Logger) LoggerFactory.getLogger(ScrapeScheduler.class);
  private final List<ILoggingEvent> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent line) {
          lines.add(line);
        }
      };

  public ScrapeLog() {
    appender.start();
    logger.addAppender(appender);
  }

  public List<ILoggingEvent> lines() {
    return lines;
  }

  public List<String> messages() {
    return lines.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  public List<ILoggingEvent> failures() {
    return lines.stream()
        .filter(line -> line.getFormattedMessage().startsWith("Scrape failed"))
        .toList();
  }

  /** Returns the number of messages left out, according to each line that states it. */
  public List<Long> leftOut() {
    return messages().stream()
        .map(LEFT_OUT::matcher)
        .filter(Matcher::find)
        .map(found -> Long.valueOf(found.group(1)))
        .toList();
  }

  /** Returns the messages of each target, in order. */
  public Map<String, List<String>> byTarget() {
    return lines.stream()
        .filter(line -> line.getKeyValuePairs() != null)
        .collect(
            Collectors.groupingBy(
                line -> value(line, "target"),
                Collectors.mapping(ILoggingEvent::getFormattedMessage, Collectors.toList())));
  }

  public static String value(ILoggingEvent line, String key) {
    return line.getKeyValuePairs().stream()
        .filter(pair -> pair.key.equals(key))
        .map(pair -> String.valueOf(pair.value))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
  }
}
