package dev.psc.net;

/** Reports errors after which a thread continues, or which an executor would keep in a future. */
public final class UncaughtErrors {

  private UncaughtErrors() {}

  /**
   * Passes an error, such as one of a lack of memory, to the current thread's handler of uncaught
   * exceptions, which may end the process. Returns if the handler does.
   */
  public static void report(Error error) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, error);
  }
}
