package dev.psc.scraper.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.psc.net.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import org.slf4j.event.KeyValuePair;

/**
 * An encoder of one line per event: {@code level=warn ts=… logger=… msg="…" key=value}, or the same
 * as a JSON object. Line breaks inside values are escaped, so that an event is always one line.
 */
final class LogLines extends EncoderBase<ILoggingEvent> {

  private final boolean json;

  LogLines(boolean json) {
    this.json = json;
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    if (json) {
      line.append('{');
    }
    pair(line, "level", event.getLevel().toString().toLowerCase(Locale.ROOT));
    pair(line, "ts", Instant.ofEpochMilli(event.getTimeStamp()).toString());
    String logger = event.getLoggerName();
    pair(line, "logger", logger.substring(logger.lastIndexOf('.') + 1));
    pair(line, "msg", event.getFormattedMessage());
    if (event.getKeyValuePairs() != null) {
      for (KeyValuePair extra : event.getKeyValuePairs()) {
        pair(line, extra.key, String.valueOf(extra.value));
      }
    }
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null) {
      pair(line, "err", thrown.getClassName() + ": " + thrown.getMessage());
      if (event.getLevel().isGreaterOrEqual(ch.qos.logback.classic.Level.ERROR)) {
        pair(line, "stack", ThrowableProxyUtil.asString(thrown));
      }
    }
    if (json) {
      line.append('}');
    }
    return line.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private void pair(StringBuilder line, String key, String value) {
    if (json) {
      if (line.length() > 1) {
        line.append(',');
      }
      Json.quote(line, key);
      line.append(':');
      Json.quote(line, value);
      return;
    }
    if (line.length() > 0) {
      line.append(' ');
    }
    line.append(key).append('=');
    boolean plain = !value.isEmpty();
    for (int i = 0; i < value.length() && plain; i++) {
      char c = value.charAt(i);
      plain = c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
    }
    if (plain) {
      line.append(value);
    } else {
      Json.quote(line, value);
    }
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
