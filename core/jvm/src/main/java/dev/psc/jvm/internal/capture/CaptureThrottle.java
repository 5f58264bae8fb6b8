package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.Set;

/**
 * A throttle that bounds the cost of events. It raises the threshold of lock events while there are
 * too many, lowers the rate of allocation samples while the profiler's threads are busy, pauses
 * exceptions, and switches events of allocation buffers on for a part of the time. The clock thread
 * calls it once a second.
 */
final class CaptureThrottle {

  private static final long MANY_LOCK_EVENTS = 1_000;
  private static final long FEW_LOCK_EVENTS = 200;

  /**
   * The share of a core that the profiler's threads may use. Samples with deep stacks cost more.
   * The weight of a sample is the bytes allocated since the previous one, so fewer samples do not
   * change totals.
   */
  private static final double MAX_OWN_SHARE = 0.005;

  private static final double LOW_OWN_SHARE = MAX_OWN_SHARE / 4;
  private static final int MIN_ALLOCATIONS_PER_SECOND = 50;
  private static final int OWN_PERIOD_TICKS = 10;

  private static final long MANY_EXCEPTIONS = 5_000;
  private static final int PATIENCE_TICKS = 3;
  private static final int CALM_TICKS = 60;
  private static final Duration MAX_LOCK_THRESHOLD = Duration.ofMillis(100);

  private final CaptureSettings settings;
  private final EventCounter converter;
  private Duration lockThreshold;
  private int busyTicks;
  private int calmTicks;
  private int allocationsPerSecond;
  private double ownShares;
  private int ownTicks;
  private int calmPeriods;
  private boolean warm;
  private boolean exceptions = true;
  private int exceptionPause;
  private final AllocationBursts bursts = new AllocationBursts();
  private boolean memory;

  CaptureThrottle(CaptureSettings settings, EventCounter converter) {
    this.settings = settings;
    this.converter = converter;
    this.lockThreshold = settings.lockThreshold();
    this.allocationsPerSecond = settings.allocationsPerSecond();
  }

  synchronized EventPlan.Dynamic dynamic() {
    return new EventPlan.Dynamic(
        lockThreshold,
        allocationsPerSecond,
        settings.exactAllocations(),
        bursts.isOn(),
        exceptions);
  }

  /** Sets the active profiles. */
  synchronized void profiles(Set<JvmProfile> profiles) {
    memory = profiles.contains(JvmProfile.MEMORY) && !settings.exactAllocations();
    if (!memory) {
      bursts.stop();
    }
  }

  /** Begins or ends a burst of buffer events if it is due; returns whether it did. */
  synchronized boolean burst(long nowNanos) {
    return memory
        && bursts.advance(
            nowNanos, converter.bufferEvents(), Math.max(1, allocationsPerSecond * 2 / 3));
  }

  /** Returns how long no burst begins or ends, in nanoseconds. */
  synchronized long nextBurstNanos(long nowNanos) {
    return memory ? bursts.nextNanos(nowNanos) : Long.MAX_VALUE;
  }

  /**
   * Returns whether settings of events have changed.
   *
   * @param ownShare the share of a core that the profiler's threads used in the last second
   */
  synchronized boolean tick(double ownShare) {
    return tick(converter.takeLockEvents(), converter.takeExceptionEvents(), ownShare);
  }

  /**
   * Evaluates the last second.
   *
   * @param ownShare the share of a core that the profiler's threads used
   */
  synchronized boolean tick(long lockEvents, long exceptionEvents, double ownShare) {
    boolean changed = lockTick(lockEvents);
    changed |= allocationTick(ownShare);
    changed |= exceptionTick(exceptionEvents);
    return changed;
  }

  private boolean lockTick(long events) {
    busyTicks = events > MANY_LOCK_EVENTS ? busyTicks + 1 : 0;
    calmTicks = events < FEW_LOCK_EVENTS ? calmTicks + 1 : 0;
    Duration before = lockThreshold;
    if (busyTicks >= PATIENCE_TICKS && lockThreshold.compareTo(MAX_LOCK_THRESHOLD) < 0) {
      Duration least = Duration.ofNanos(500_000);
      lockThreshold = (lockThreshold.compareTo(least) < 0 ? least : lockThreshold).multipliedBy(2);
      busyTicks = 0;
    } else if (calmTicks >= CALM_TICKS && lockThreshold.compareTo(settings.lockThreshold()) > 0) {
      Duration half = lockThreshold.dividedBy(2);
      lockThreshold =
          half.compareTo(settings.lockThreshold()) < 0 ? settings.lockThreshold() : half;
      calmTicks = 0;
    }
    converter.lockThreshold(lockThreshold.toNanos());
    return !before.equals(lockThreshold);
  }

  private boolean allocationTick(double share) {
    ownShares += share;
    if (++ownTicks < OWN_PERIOD_TICKS) {
      return false;
    }
    double mean = ownShares / OWN_PERIOD_TICKS;
    ownShares = 0;
    ownTicks = 0;
    if (!warm) {
      warm = true; // the profiler's code is interpreted at first, so its cost is not representative
      return false;
    }
    calmPeriods = mean < LOW_OWN_SHARE ? calmPeriods + 1 : 0;
    int before = allocationsPerSecond;
    int configured = settings.allocationsPerSecond();
    if (mean > MAX_OWN_SHARE) {
      int least = Math.min(configured, MIN_ALLOCATIONS_PER_SECOND);
      allocationsPerSecond = Math.max(least, allocationsPerSecond / 2);
    } else if (calmPeriods * OWN_PERIOD_TICKS >= CALM_TICKS) {
      allocationsPerSecond = Math.min(configured, allocationsPerSecond * 2);
      calmPeriods = 0;
    }
    return allocationsPerSecond != before;
  }

  private boolean exceptionTick(long events) {
    if (exceptionPause > 0) {
      exceptionPause--;
      exceptions = exceptionPause == 0;
      return exceptions;
    }
    if (events > MANY_EXCEPTIONS) {
      exceptions = false;
      exceptionPause = CALM_TICKS;
      return true;
    }
    return false;
  }
}
