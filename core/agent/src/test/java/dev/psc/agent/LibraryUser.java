package dev.psc.agent;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.ProfileLabels;
import dev.psc.label.LabelSet;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An application that profiles itself with the library, under the agent too. */
final class LibraryUser {

  private LibraryUser() {}

  /** Works for a while, unless nothing takes labels yet. */
  private static void checkOut() {
    if (ProfileLabels.current().isEmpty()) {
      return;
    }
    System.out.println("LABELS " + ProfileLabels.current());
    double total = 0;
    long end = System.nanoTime() + 200_000_000L;
    while (total >= 0 && System.nanoTime() < end) {
      total += Math.sqrt(total + 1);
    }
  }

  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 0) {
      checkOutForever(arguments[0]);
    }
    // The agent is there first: it claims the capture before main may have begun, or soon after.
    while (System.getProperty("psc.profiling.capture") == null) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    try (JvmProfiling profiling = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
      while (profiling.status().unavailable().isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      System.out.println("LIBRARY " + profiling.status().unavailable().get());
      new CountDownLatch(1).await(); // until the test ends the process
    }
  }

  /** Has labels, and its own profiler, which receives no request. */
  private static void checkOutForever(String route) {
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      System.out.println("IDLE " + profiling.status().capture().isEmpty());
      while (true) {
        // Each time again: the agent may start after main.
        ProfileLabels.run(LabelSet.of("route", route), LibraryUser::checkOut);
      }
    }
  }
}
