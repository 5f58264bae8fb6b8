package dev.psc.scraper;

import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The handler of exceptions that end a thread. An {@link Error}, such as an {@link
 * OutOfMemoryError}, ends the process, so that a supervisor restarts it: without one of its threads
 * it would appear healthy, but do only a part of its work. Thread-safe.
 */
final class FatalErrors implements Thread.UncaughtExceptionHandler {

  /** The exit code, the same as that of {@code -XX:+ExitOnOutOfMemoryError}. */
  static final int EXIT_CODE = 3;

  private static final Logger logger = LoggerFactory.getLogger(FatalErrors.class);

  private final IntConsumer exit;

  /**
   * @param exit ends the process with a code, without shutdown hooks, which need memory
   */
  FatalErrors(IntConsumer exit) {
    this.exit = exit;
  }

  @Override
  public void uncaughtException(Thread thread, Throwable failure) {
    boolean fatal = failure instanceof Error;
    try {
      if (fatal) {
        logger.error("Thread {} failed; ending the process", thread.getName(), failure);
      } else {
        logger.error("Thread {} failed", thread.getName(), failure);
      }
    } finally {
      if (fatal) {
        exit.accept(EXIT_CODE);
      }
    }
  }
}
