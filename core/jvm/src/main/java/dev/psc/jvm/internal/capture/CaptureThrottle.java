package dev.psc.jvm.internal.capture;

import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.event.EventCounter;
import dev.psc.jvm.internal.event.EventPlan;
import dev.psc.jvm.profile.JvmProfile;
import java.time.Duration;
import java.util.Set;

/**
 * Keeps events from costing more than they tell: raises the threshold of lock events while there
 * are too many, asks for fewer samples of allocations while our threads are busy, pauses
 * exceptions, and runs the short bursts that teach the sizes of classes. Used by the clock thread,
 * once a second.
 */
final class CaptureThrottle {

  private static final long MANY_LOCK_EVENTS = 1_000;
  private static final long FEW_LOCK_EVENTS = 200;

  /**
   * What our threads may take of a core. A sample costs them more the deeper its stack is; its
   * weight is what was allocated since the one before, so that fewer samples change no total.
   */
  private static final double MOST_OWN_SHARE = 0.005;

  private static final double LITTLE_OWN_SHARE = MOST_OWN_SHARE / 4;
  private static final int LEAST_ALLOCATIONS_PER_SECOND = 50;
  private static final int OWN_PERIOD_TICKS = 10;

  private static final long MANY_EXCEPTIONS = 5_000;
  private static final int PATIENCE_TICKS = 3;
  private static final int CALM_TICKS = 60;
  private static final int LEARN_EVERY_TICKS = 300;
  private static final int LEARN_AGAIN_TICKS = 30;
  private static final double UNKNOWN_SHARE = 0.1;
  private static final Duration MOST_LOCK_THRESHOLD = Duration.ofMillis(100);

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
  private boolean memory;
  private boolean learning;
  private int ticksSinceLearning = LEARN_EVERY_TICKS;

  CaptureThrottle(CaptureSettings settings, EventCounter converter) {
    this.settings = settings;
    this.converter = converter;
    this.lockThreshold = settings.lockThreshold();
    this.allocationsPerSecond = settings.allocationsPerSecond();
  }

  synchronized EventPlan.Dynamic dynamic() {
    return new EventPlan.Dynamic(
        lockThreshold, allocationsPerSecond, settings.exactAllocations(), learning, exceptions);
  }

  /** Takes which profiles are on, so that a burst comes with the first allocation profile. */
  synchronized void profiles(Set<JvmProfile> profiles) {
    boolean wanted = profiles.contains(JvmProfile.MEMORY) && !settings.exactAllocations();
    if (wanted && !memory && ticksSinceLearning >= LEARN_AGAIN_TICKS) {
      learning = true;
      ticksSinceLearning = 0;
    }
    memory = wanted;
  }

  /**
   * Returns whether settings of events change.
   *
   * @param ownShare what our threads took of a core in the last second
   */
  synchronized boolean tick(double ownShare) {
    return tick(
        converter.takeLockEvents(),
        converter.takeExceptionEvents(),
        converter.sizes().takeUnknownShare(),
        ownShare);
  }

  /**
   * Takes what came in the last second.
   *
   * @param unknownShare which part of the allocated bytes was of classes without a known size
   * @param ownShare what our threads took of a core
   */
  synchronized boolean tick(
      long lockEvents, long exceptionEvents, double unknownShare, double ownShare) {
    boolean changed = lockTick(lockEvents);
    changed |= allocationTick(ownShare);
    changed |= exceptionTick(exceptionEvents);
    changed |= learnTick(unknownShare);
    return changed;
  }

  private boolean lockTick(long events) {
    busyTicks = events > MANY_LOCK_EVENTS ? busyTicks + 1 : 0;
    calmTicks = events < FEW_LOCK_EVENTS ? calmTicks + 1 : 0;
    Duration before = lockThreshold;
    if (busyTicks >= PATIENCE_TICKS && lockThreshold.compareTo(MOST_LOCK_THRESHOLD) < 0) {
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
      warm = true; // at first our own code is interpreted, which says nothing of the samples
      return false;
    }
    calmPeriods = mean < LITTLE_OWN_SHARE ? calmPeriods + 1 : 0;
    int before = allocationsPerSecond;
    int asked = settings.allocationsPerSecond();
    if (mean > MOST_OWN_SHARE) {
      int least = Math.min(asked, LEAST_ALLOCATIONS_PER_SECOND);
      allocationsPerSecond = Math.max(least, allocationsPerSecond / 2);
    } else if (calmPeriods * OWN_PERIOD_TICKS >= CALM_TICKS) {
      allocationsPerSecond = Math.min(asked, allocationsPerSecond * 2);
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

  private boolean learnTick(double unknown) {
    if (learning) {
      learning = false;
      ticksSinceLearning = 0;
      return true;
    }
    ticksSinceLearning++;
    boolean due =
        ticksSinceLearning >= LEARN_EVERY_TICKS
            || (ticksSinceLearning >= LEARN_AGAIN_TICKS && unknown > UNKNOWN_SHARE);
    if (memory && due) {
      learning = true;
      return true;
    }
    return false;
  }
}
