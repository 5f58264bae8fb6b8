package dev.psc.net;

import java.util.concurrent.ThreadFactory;

/** Thread factories for daemon threads. */
public final class DaemonThreads {

  private DaemonThreads() {}

  /** Returns a factory for daemon threads that all have one name. */
  public static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
