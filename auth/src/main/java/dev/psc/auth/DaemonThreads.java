package dev.psc.auth;

import java.util.concurrent.ThreadFactory;

/** Daemon threads named by component. */
final class DaemonThreads {

  private DaemonThreads() {}

  static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
