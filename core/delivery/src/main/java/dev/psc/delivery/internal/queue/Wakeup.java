package dev.psc.delivery.internal.queue;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** A one-slot trigger: several {@link #set} before an {@link #await} count once. */
public final class Wakeup {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean set;

  public void set() {
    lock.lock();
    try {
      set = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until the trigger is set or the time is over, and clears it. */
  public void await(long nanos) throws InterruptedException {
    lock.lock();
    try {
      long left = Math.min(nanos, TimeUnit.HOURS.toNanos(1));
      while (!set && left > 0) {
        left = changed.awaitNanos(left);
      }
      set = false;
    } finally {
      lock.unlock();
    }
  }

  /** Clears the trigger and returns whether it was set. */
  public boolean take() {
    lock.lock();
    try {
      boolean was = set;
      set = false;
      return was;
    } finally {
      lock.unlock();
    }
  }
}
