package dev.psc.agent;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands for {@code java.util.logging.Logger} in what the agent carries: the first use of that one
 * starts the log manager of the whole JVM, before the application could choose its own. Its methods
 * are those of its model that are called.
 */
public final class QuietLogger {

  private final Logger log;

  private QuietLogger(Logger log) {
    this.log = log;
  }

  /** As its model does. */
  public static QuietLogger getLogger(String name) {
    return new QuietLogger(LoggerFactory.getLogger(name));
  }

  /** As its model does. */
  public String getName() {
    return log.getName();
  }

  /** As its model does. */
  public boolean isLoggable(Level level) {
    return switch (severity(level)) {
      case 3 -> log.isErrorEnabled();
      case 2 -> log.isWarnEnabled();
      case 1 -> log.isInfoEnabled();
      default -> log.isDebugEnabled();
    };
  }

  /** As its model does. */
  public void log(Level level, String message) {
    write(level, message, null);
  }

  /** As its model does. */
  public void log(Level level, String message, @Nullable Object parameter) {
    log(level, message, new Object[] {parameter});
  }

  /** As its model does. */
  public void log(Level level, String message, @Nullable Object @Nullable [] parameters) {
    if (isLoggable(level)) {
      write(level, formatted(message, parameters), null);
    }
  }

  /** As its model does. */
  public void log(Level level, String message, @Nullable Throwable thrown) {
    write(level, message, thrown);
  }

  /** As its model does. */
  public void log(LogRecord record) {
    Level level = record.getLevel();
    if (isLoggable(level)) {
      write(level, formatted(record.getMessage(), record.getParameters()), record.getThrown());
    }
  }

  /** As its model does. */
  public void warning(String message) {
    write(Level.WARNING, message, null);
  }

  /** As its model does. */
  public void info(String message) {
    write(Level.INFO, message, null);
  }

  /** As its model does. */
  public void fine(String message) {
    write(Level.FINE, message, null);
  }

  /** As its model does. */
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
