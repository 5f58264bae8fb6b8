package dev.psc.scrape.internal.loop;

import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.Target;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The loops of all jobs in the order of their next scrapes. Guarded by the lock of {@link
 * ScrapeScheduler}.
 */
final class Schedule {

  private final TreeSet<ScrapeLoop> order = new TreeSet<>();
  private final Map<String, Map<Target, ScrapeLoop>> jobs = new HashMap<>();
  private final long seed;
  private long nextId;

  /**
   * @param seed moves all offsets, so that replicas scrape at different times
   */
  Schedule(long seed) {
    this.seed = seed;
  }

  /** Returns the time of the next scrape; the largest number when there is none. */
  long firstNanos() {
    return order.isEmpty() ? Long.MAX_VALUE : order.first().dueNanos;
  }

  /** Returns the first loop, if it is due. */
  @Nullable ScrapeLoop firstDue(long nowNanos) {
    return firstNanos() <= nowNanos && !order.isEmpty() ? order.first() : null;
  }

  /** Moves a loop to its first scrape time after now. */
  void advance(ScrapeLoop loop, long nowNanos) {
    move(loop, nextAfter(loop.target, nowNanos));
  }

  /**
   * Delays the next scrape, and only that one, by up to half an interval: another client profiles
   * the target at the same times and would collide with every scrape.
   */
  void avoidCollision(ScrapeLoop loop, long nowNanos) {
    long interval = loop.target.interval().toNanos();
    long random = (loop.target.hash() ^ seed) + loop.scrapes * 0x9e3779b97f4a7c15L;
    random = (random ^ (random >>> 32)) * 0xd6e8feb86659fd93L;
    move(loop, nextAfter(loop.target, nowNanos) + Long.remainderUnsigned(random, interval / 2));
  }

  private void move(ScrapeLoop loop, long dueNanos) {
    order.remove(loop);
    loop.dueNanos = dueNanos;
    order.add(loop);
  }

  /** Returns the first of a target's scrape times after now. */
  private long nextAfter(Target target, long nowNanos) {
    long interval = target.interval().toNanos();
    long offset = Long.remainderUnsigned(target.hash() ^ seed, interval);
    return nowNanos - Math.floorMod(nowNanos - offset, interval) + interval;
  }

  /**
   * Replaces the targets of a job. Equal targets keep their loops.
   *
   * @return the loops that were removed
   */
  Collection<ScrapeLoop> replace(String job, Collection<Target> targets, long nowNanos) {
    Map<Target, ScrapeLoop> before = jobs.getOrDefault(job, new HashMap<>());
    Map<Target, ScrapeLoop> after = new LinkedHashMap<>();
    for (Target target : targets) {
      ScrapeLoop loop = before.remove(target);
      if (loop == null) {
        if (after.containsKey(target)) {
          continue;
        }
        loop = new ScrapeLoop(nextId++, target);
        advance(loop, nowNanos);
      } else if (!loop.target.interval().equals(target.interval())) {
        loop.target = target;
        advance(loop, nowNanos);
      }
      loop.target = target;
      after.put(target, loop);
    }
    before.values().forEach(order::remove);
    if (after.isEmpty()) {
      jobs.remove(job);
    } else {
      jobs.put(job, after);
    }
    return before.values();
  }

  /** Removes and returns all loops. */
  Collection<ScrapeLoop> clear() {
    List<ScrapeLoop> all = new ArrayList<>(order);
    order.clear();
    jobs.clear();
    return all;
  }

  /**
   * Returns the loop of a target.
   *
   * @throws IllegalArgumentException when there is none
   */
  ScrapeLoop find(String id) {
    for (Map<Target, ScrapeLoop> loops : jobs.values()) {
      for (ScrapeLoop loop : loops.values()) {
        if (loop.target.id().equals(id)) {
          return loop;
        }
      }
    }
    throw new IllegalArgumentException("unknown target " + id);
  }

  /** Returns the state of every target of a job, in the order in which they were given. */
  List<TargetStatus> statuses(String job) {
    List<TargetStatus> statuses = new ArrayList<>();
    jobs.getOrDefault(job, Map.of()).values().forEach(loop -> statuses.add(loop.status()));
    return statuses;
  }

  int size() {
    return order.size();
  }
}
