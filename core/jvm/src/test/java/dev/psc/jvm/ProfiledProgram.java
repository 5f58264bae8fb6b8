package dev.psc.jvm;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.jvm.profile.CaptureStatus;
import java.io.File;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A program with profiling, for tests of what happens around it. */
final class ProfiledProgram {

  private ProfiledProgram() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "once" -> once();
      case "forever" -> {
        JvmProfiling unused = start(); // never closed: the process is killed
        System.out.println("RUNNING");
        new CountDownLatch(1).await();
      }
      case "exit" -> exit();
      case "loaders" -> loaders();
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static JvmProfiling start() throws Exception {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .idleTimeout(Duration.ZERO)
            .start();
    awaitCapture(profiling);
    return profiling;
  }

  private static void awaitCapture(JvmProfiling profiling) throws InterruptedException {
    for (int i = 0; i < 3_000; i++) {
      JvmProfilingStatus status = profiling.status();
      if (status.capture().isPresent() || status.unavailable().isPresent()) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
    throw new AssertionError("capture neither came up nor failed");
  }

  private static void once() throws Exception {
    try (JvmProfiling profiling = start()) {
      JvmProfilingStatus status = profiling.status();
      System.out.println("MODULE " + JvmProfiling.class.getModule().getName());
      System.out.println("UNAVAILABLE " + status.unavailable().orElse("-"));
      System.out.println(
          "OTHERS " + status.capture().map(CaptureStatus::otherRecordings).orElse(List.of()));
      for (String path : new String[] {"goroutine", "allocs", "heap", "profile"}) {
        PprofResponse response =
            profiling
                .handler()
                .handle(
                    new PprofRequest(
                        "GET",
                        "/debug/pprof/" + path,
                        path.equals("profile") ? Map.of("seconds", "1") : Map.of(),
                        Map.of()));
        System.out.println("GET " + path + " " + response.status());
      }
    }
    System.out.println("CLOSED");
  }

  private static void exit() throws Exception {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .interval(Duration.ofMinutes(5))
            .receiver(
                profile -> {
                  System.out.println("PUSHED " + profile.name());
                  return new Acceptance.Accepted();
                })
            .start();
    awaitCapture(profiling);
    TruthProgram.burnLong(2_500_000_000L);
    System.out.println("EXITING");
  }

  private static void loaders() throws Exception {
    List<URL> urls = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    try (JvmProfiling first = start();
        URLClassLoader other =
            new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      Class<?> copy = other.loadClass(ProfiledProgram.class.getName());
      Method once = copy.getDeclaredMethod("once");
      once.setAccessible(true);
      once.invoke(null);
      System.out.println("FIRST " + first.status().unavailable().isEmpty());
    }
  }
}
