package dev.psc.agent;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replacement of {@code java.util.logging.Logger} in the agent's libraries. The first use of that
 * class would start the log manager of the JVM before the application can choose another. It has
 * the methods that the libraries call.
 */
public final class QuietLogger {

  private final Logger log;

  private QuietLogger(Logger log) {
    this.log = log;
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public static QuietLogger getLogger(String name) {
    return new QuietLogger(LoggerFactory.getLogger(name));
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public String getName() {
    return log.getName();
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public boolean isLoggable(Level level) {
    return switch (severity(level)) {
      case 3 -> log.isErrorEnabled();
      case 2 -> log.isWarnEnabled();
      case 1 -> log.isInfoEnabled();
      default -> log.isDebugEnabled();
    };
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void log(Level level, String message) {
    write(level, message, null);
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void log(Level level, String message, @Nullable Object parameter) {
    log(level, message, new Object[] {parameter});
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void log(Level level, String message, @Nullable Object @Nullable [] parameters) {
    if (isLoggable(level)) {
      write(level, formatted(message, parameters), null);
    }
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void log(Level level, String message, @Nullable Throwable thrown) {
    write(level, message, thrown);
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void log(LogRecord record) {
    Level level = record.getLevel();
    if (isLoggable(level)) {
      write(level, formatted(record.getMessage(), record.getParameters()), record.getThrown());
    }
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void warning(String message) {
    write(Level.WARNING, message, null);
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void info(String message) {
    write(Level.INFO, message, null);
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void fine(String message) {
    write(Level.FINE, message, null);
  }

  /** See the method of {@code java.util.logging.Logger}. */
  public void finer(String message) {
    write(Level.FINER, message, null);
  }

  private static int severity(Level level) {
    int value = level.intValue();
    return value >= Level.SEVERE.intValue()
        ? 3
        : value >= Level.WARNING.intValue() ? 2 : value >= Level.INFO.intValue() ? 1 : 0;
  }

  private void write(Level level, @Nullable String message, @Nullable Throwable thrown) {
    switch (severity(level)) {
      case 3 -> log.error(message, thrown);
      case 2 -> log.warn(message, thrown);
      case 1 -> log.info(message, thrown);
      default -> log.debug(message, thrown);
    }
  }

  private static @Nullable String formatted(
      @Nullable String message, @Nullable Object @Nullable [] parameters) {
    if (message == null || parameters == null || parameters.length == 0) {
      return message;
    }
    String text = message;
    for (int i = 0; i < parameters.length; i++) {
      text = text.replace("{" + i + "}", String.valueOf(parameters[i]));
    }
    return text;
  }
}
