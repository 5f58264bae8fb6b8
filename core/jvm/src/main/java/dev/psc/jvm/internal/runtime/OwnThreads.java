package dev.psc.jvm.internal.runtime;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;

/**
 * The profiler's own threads. They are tracked, so that profiles can exclude them and the status
 * can report their cost.
 */
public final class OwnThreads {

  private static final Set<Long> IDS = ConcurrentHashMap.newKeySet();

  /** The first characters of the names of threads that others start for the profiler. */
  private static final List<String> NAMES =
      List.of(
          "JFR ",
          "psc-delivery",
          "psc-spool-",
          "psc-dead-letters-",
          "psc-token-file",
          "psc-store-",
          "psc-otlp",
          "psc-agent-");

  private OwnThreads() {}

  /** Returns a thread that is not started yet and is tracked while it runs. */
  public static Thread thread(ThreadFactory factory, String name, Runnable task) {
    Thread thread =
        factory.newThread(
            () -> {
              long id = Thread.currentThread().getId();
              IDS.add(id);
              try {
                task.run();
              } finally {
                IDS.remove(id);
              }
            });
    thread.setName(name);
    return thread;
  }

  /** Returns a factory of plain daemon threads. */
  public static ThreadFactory daemons() {
    return task -> {
      Thread thread = new Thread(task);
      thread.setDaemon(true);
      return thread;
    };
  }

  public static boolean contains(long threadId) {
    return IDS.contains(threadId);
  }

  /**
   * Returns whether a thread works for the profiler: a tracked one, one of the flight recorder, or
   * one of the modules that deliver profiles, which this module does not depend on. Those are
   * recognized by their names.
   *
   * @param name the name of the thread, or null if it is unknown
   */
  public static boolean isOwn(long threadId, @Nullable String name) {
    return contains(threadId) || (name != null && isOwnName(name));
  }

  /** Returns whether a thread of this name works for the profiler. */
  public static boolean isOwnName(String name) {
    for (String prefix : NAMES) {
      if (name.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the ids of the running threads. */
  public static long[] ids() {
    Long[] running = IDS.toArray(Long[]::new);
    long[] ids = new long[running.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = running[i];
    }
    return ids;
  }
}
