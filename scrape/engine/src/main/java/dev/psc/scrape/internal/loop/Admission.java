package dev.psc.scrape.internal.loop;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A limit on concurrent scrapes. Waiting scrapes are queued per job, and the jobs take turns, so
 * that a large job does not starve a small one. Guarded by the lock of {@link ScrapeScheduler}.
 */
final class Admission {

  private final int max;
  private final Map<String, Set<ScrapeLoop>> waiting = new HashMap<>();
  private final Queue<String> turns = new ArrayDeque<>();
  private int running;

  Admission(int max) {
    this.max = max;
  }

  /** Acquires a slot, even above the limit. */
  void enterAlways() {
    running++;
  }

  /** Acquires a slot, or queues the loop and returns false. */
  boolean enter(ScrapeLoop loop) {
    if (running < max) {
      running++;
      return true;
    }
    String job = loop.target.job().name();
    Set<ScrapeLoop> queue = waiting.get(job);
    if (queue == null) {
      queue = new LinkedHashSet<>();
      waiting.put(job, queue);
      turns.add(job);
    }
    loop.queued = true;
    queue.add(loop);
    return false;
  }

  /** Releases a slot and returns the loop that takes it over, if one is waiting. */
  @Nullable ScrapeLoop leave() {
    if (running > max) {
      running--;
      return null;
    }
    while (true) {
      String job = turns.poll();
      if (job == null) {
        running--;
        return null;
      }
      Set<ScrapeLoop> queue = waiting.get(job);
      if (queue == null) {
        continue;
      }
      Iterator<ScrapeLoop> first = queue.iterator();
      ScrapeLoop next = first.next();
      first.remove();
      if (queue.isEmpty()) {
        waiting.remove(job);
      } else {
        turns.add(job);
      }
      next.queued = false;
      return next;
    }
  }

  /** Removes a waiting loop. */
  void withdraw(ScrapeLoop loop) {
    String job = loop.target.job().name();
    Set<ScrapeLoop> queue = waiting.get(job);
    if (queue != null && queue.remove(loop)) {
      loop.queued = false;
      if (queue.isEmpty()) {
        waiting.remove(job);
        turns.remove(job);
      }
    }
  }

  int running() {
    return running;
  }

  int waiting() {
    return waiting.values().stream().mapToInt(Set::size).sum();
  }
}
