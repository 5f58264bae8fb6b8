package dev.psc.jvm.internal.runtime;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;

/**
 * Makes the profiler's own daemon threads and knows them, so that profiles can leave them out and
 * the status can say what they cost.
 */
public final class OwnThreads {

  private static final Set<Long> IDS = ConcurrentHashMap.newKeySet();

  private OwnThreads() {}

  /** Returns a daemon thread, not yet started, that is known as one of ours while it runs. */
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

  /** Returns the ids of the threads that run now. */
  public static long[] ids() {
    return IDS.stream().mapToLong(Long::longValue).toArray();
  }
}
