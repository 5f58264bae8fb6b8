package dev.psc.jvm;

import dev.psc.jvm.profile.JvmProfile;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** Virtual threads that wait for a lock, a monitor and a slow call. For JDK 21 and later. */
public final class VirtualWaitsProgram {

  private static final ReentrantLock LOCK = new ReentrantLock();
  private static final Object MONITOR = new Object();
  private static final CompletableFuture<String> SLOW = new CompletableFuture<>();

  private VirtualWaitsProgram() {}

  static void plantedLock() {
    LOCK.lock();
    try {
      TruthProgram.sink = 1;
    } finally {
      LOCK.unlock();
    }
  }

  static void plantedMonitor() {
    synchronized (MONITOR) {
      TruthProgram.sink++;
    }
  }

  static void plantedCall() {
    SLOW.join();
  }

  static void virtual(Runnable task) {
    try {
      Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    } catch (IllegalAccessException | InvocationTargetException | NoSuchMethodException e) {
      throw new IllegalStateException(e);
    }
  }

  static CompletableFuture<String> get(JvmProfiling profiling, String profile, int seconds) {
    return CompletableFuture.supplyAsync(
        () ->
            new String(
                profiling
                    .handler()
                    .handle(
                        new PprofRequest(
                            "GET",
                            "/debug/pprof/" + profile,
                            Map.of("seconds", Integer.toString(seconds), "debug", "1"),
                            Map.of()))
                    .body(),
                StandardCharsets.UTF_8),
        task -> new Thread(task).start());
  }

  public static void main(String[] arguments) throws Exception {
    try (JvmProfiling profiling =
        JvmProfiling.builder().profiles(JvmProfile.defaults().plus(JvmProfile.WALL)).start()) {
      get(profiling, "mutex", 1).get(60, TimeUnit.SECONDS); // the recorder has started
      CompletableFuture<String> mutex = get(profiling, "mutex", 6);
      CompletableFuture<String> block = get(profiling, "block", 6);
      CompletableFuture<String> wall = get(profiling, "wall", 6);
      TimeUnit.MILLISECONDS.sleep(500); // the windows begin within that
      synchronized (MONITOR) {
        LOCK.lock();
        try {
          virtual(VirtualWaitsProgram::plantedLock);
          virtual(VirtualWaitsProgram::plantedMonitor);
          virtual(VirtualWaitsProgram::plantedCall);
          TimeUnit.MILLISECONDS.sleep(4_000);
        } finally {
          LOCK.unlock();
        }
      }
      SLOW.complete("");
      List<String> planted = List.of("plantedLock", "plantedMonitor", "plantedCall");
      print("MUTEX", mutex.get(60, TimeUnit.SECONDS), planted);
      print("BLOCK", block.get(60, TimeUnit.SECONDS), planted);
      print("WALL", wall.get(60, TimeUnit.SECONDS), planted);
    }
  }

  /** Prints each planted wait with the milliseconds of its stacks. */
  static void print(String profile, String text, Collection<String> waits) {
    for (String planted : waits) {
      long nanos = 0;
      for (String stack : text.split("\n\n", -1)) {
        if (stack.contains("." + planted + "\t")) {
          nanos += Long.parseLong(stack.replaceFirst("(?s).*?\\[(\\d+)].*", "$1"));
        }
      }
      System.out.println(profile + " " + planted + " " + nanos / 1_000_000);
    }
  }
}
