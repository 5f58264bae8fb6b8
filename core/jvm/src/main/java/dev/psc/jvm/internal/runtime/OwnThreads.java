package dev.psc.jvm.internal.runtime;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;

/**
 * The profiler's own threads. They are tracked, so that profiles can exclude them and the status
 * can report their cost.
 */
public final class OwnThreads {

  private static final Set<Long> IDS = ConcurrentHashMap.newKeySet();

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

  /** Returns the ids of the running threads. */
  public static long[] ids() {
    return IDS.stream().mapToLong(Long::longValue).toArray();
  }
}
