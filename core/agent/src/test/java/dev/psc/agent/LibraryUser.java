package dev.psc.agent;

import dev.psc.jvm.JvmProfiling;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** An application that profiles itself with the library, under the agent too. */
final class LibraryUser {

  private LibraryUser() {}

  public static void main(String[] arguments) throws Exception {
    // The agent is there first: it claims the capture before main may have begun, or soon after.
    while (System.getProperty("psc.profiling.capture") == null) {
      TimeUnit.MILLISECONDS.sleep(10);
    }
    try (JvmProfiling profiling = JvmProfiling.builder().start()) {
      while (profiling.status().unavailable().isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
      System.out.println("LIBRARY " + profiling.status().unavailable().get());
      new CountDownLatch(1).await(); // until the test ends the process
    }
  }
}
