package dev.psc.jvm;

import dev.psc.jvm.profile.CaptureStatus;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A program that is profiled while it has no file descriptors, and afterwards. It begins without
 * any where its argument is {@code first}, and loses them while it is profiled otherwise.
 */
final class ShortageProgram {

  private static final List<InputStream> taken = new ArrayList<>();

  private ShortageProgram() {}

  public static void main(String[] arguments) throws Exception {
    // Loads what the program needs without descriptors.
    try (JvmProfiling profiling = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
      until(() -> status(profiling) == 200);
      if (arguments[0].equals("first")) {
        profiling.close();
      }
      take();
      if (arguments[0].equals("first")) {
        try (JvmProfiling late = JvmProfiling.builder().idleTimeout(Duration.ZERO).start()) {
          check(late);
        }
      } else {
        check(profiling);
      }
    }
    System.out.println("end");
  }

  private static void check(JvmProfiling profiling) throws Exception {
    until(() -> error(profiling).contains("file descriptors"));
    System.out.println("short: " + error(profiling));
    for (InputStream file : taken) {
      file.close();
    }
    until(() -> status(profiling) == 200);
    System.out.println("profiled");
  }

  private static void take() {
    try {
      while (true) {
        taken.add(new FileInputStream("/dev/null"));
      }
    } catch (IOException e) {
      System.out.println("taken: " + taken.size());
    }
  }

  private static String error(JvmProfiling profiling) {
    return profiling.status().capture().flatMap(CaptureStatus::lastError).orElse("");
  }

  private static int status(JvmProfiling profiling) {
    return profiling
        .handler()
        .handle(new PprofRequest("GET", "/debug/pprof/profile", Map.of("seconds", "1"), Map.of()))
        .status();
  }

  private static void until(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(50);
    }
  }
}
