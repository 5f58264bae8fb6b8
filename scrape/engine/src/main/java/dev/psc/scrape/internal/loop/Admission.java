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
 * Bounds the scrapes at a time. Those that have to wait do so job by job, and the jobs take turns,
 * so that a large one does not starve a small one. Guarded by the lock of {@link ScrapeScheduler}.
 */
final class Admission {

  private final int max;
  private final Map<String, Set<ScrapeLoop>> waiting = new HashMap<>();
  private final Queue<String> turns = new ArrayDeque<>();
  private int running;

  Admission(int max) {
    this.max = max;
  }

  /** Takes a place even if there is none. */
  void enterAlways() {
    running++;
  }

  /** Takes a place, or queues the loop and returns false. */
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

  /** Gives a place up; returns the loop that has it now, if one waited. */
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

  /** Forgets a loop that waits. */
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
