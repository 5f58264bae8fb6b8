package dev.psc.agent;

import java.io.File;
import java.util.concurrent.CountDownLatch;

/** An application that knows nothing of the agent, for tests in separate JVMs. */
final class Shopper {

  private static volatile long sink;

  private Shopper() {}

  public static void main(String[] arguments) throws Exception {
    System.out.println("APP RAN");
    if (arguments.length > 0 && arguments[0].equals("once")) {
      return;
    }
    if (arguments.length > 0 && arguments[0].equals("names")) {
      sayWhoseClassesTheseAre(arguments);
    }
    Thread worker = new Thread(Shopper::calculatePrices, "prices");
    worker.setDaemon(true);
    worker.start();
    new CountDownLatch(1).await(); // until the test ends the process
  }

  private static void calculatePrices() {
    while (sink >= 0) {
      sink = price(sink);
    }
  }

  private static long price(long seed) {
    long x = seed;
    for (int i = 0; i < 1_000_000; i++) {
      x = x * 31 + i;
    }
    return x & Long.MAX_VALUE;
  }

  /** Classes of these names are the application's own, whatever the agent carries. */
  private static void sayWhoseClassesTheseAre(String[] names) throws Exception {
    for (int i = 1; i < names.length; i++) {
      Class<?> type = Class.forName(names[i]);
      String file = type.getProtectionDomain().getCodeSource().getLocation().getPath();
      Object answer = type.getMethod("whoAreYou").invoke(null);
      System.out.println(names[i] + " " + answer + " " + new File(file).getName());
    }
  }
}
