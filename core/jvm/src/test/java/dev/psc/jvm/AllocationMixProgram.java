package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Allocates a known mix of small and large objects, and prints it with the profiled values. */
public final class AllocationMixProgram {

  private static final int THREADS = 3;
  private static final long BYTES_PER_SECOND = 1L << 30;

  /** 64 bytes with its header. */
  @SuppressWarnings("UnusedVariable") // the fields make up its size
  private static final class Small {
    long first;
    long second;
    long third;
    long fourth;
    long fifth;
    long sixth;
  }

  /** A site with the size of its objects and its share of all bytes, in percent. */
  @SuppressWarnings("ImmutableEnumChecker") // the allocators are method references
  private enum Site {
    SMALL(64, 30, AllocationMixProgram::small),
    KILOBYTE(1_024, 22, AllocationMixProgram::kilobyte),
    PAGES(16_384, 22, AllocationMixProgram::pages),
    RARE_PAGES(16_384, 5, AllocationMixProgram::rarePages),
    LARGE(131_072, 11, AllocationMixProgram::large),
    HUGE(1_048_576, 10, AllocationMixProgram::huge);

    private final int bytes;
    private final int percent;
    private final Supplier<Object> allocator;

    Site(int bytes, int percent, Supplier<Object> allocator) {
      this.bytes = bytes;
      this.percent = percent;
      this.allocator = allocator;
    }

    double frequency() {
      return (double) percent / bytes;
    }

    String method() {
      StringBuilder name = new StringBuilder(AllocationMixProgram.class.getName()).append('.');
      String[] words = name().toLowerCase(java.util.Locale.ROOT).split("_", -1);
      name.append(words[0]);
      for (int i = 1; i < words.length; i++) {
        name.append(Character.toUpperCase(words[i].charAt(0))).append(words[i].substring(1));
      }
      return name.toString();
    }
  }

  private AllocationMixProgram() {}

  static Object small() {
    return new Small();
  }

  static Object kilobyte() {
    return new byte[1_024 - 16];
  }

  static Object pages() {
    return new byte[16_384 - 16];
  }

  static Object rarePages() {
    return new byte[16_384 - 16];
  }

  static Object large() {
    return new byte[131_072 - 16];
  }

  static Object huge() {
    return new byte[1_048_576 - 16];
  }

  @SuppressWarnings(
      "EnumOrdinal") // the counts of each thread are in arrays, which allocate nothing
  public static void main(String[] arguments) throws Exception {
    long seconds = Long.parseLong(arguments[0]);
    int perSecond = Integer.parseInt(arguments[1]);
    CaptureSettings settings = CaptureSettings.builder().allocationsPerSecond(perSecond).build();
    Capture capture =
        SharedCapture.acquire(settings, OwnThreads.daemons()).get(60, TimeUnit.SECONDS);
    CompletableFuture<Window> window = capture.open(Set.of(JvmProfile.MEMORY));
    window.get(60, TimeUnit.SECONDS);
    long[][] counts = new long[THREADS][Site.values().length];
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int seed = i;
      Thread thread = new Thread(() -> allocate(seed, seconds, counts[seed]));
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    Snapshot memory = capture.close(window).get(60, TimeUnit.SECONDS).get(0);
    SharedCapture.release();
    for (Site site : Site.values()) {
      long objects = 0;
      for (long[] ofThread : counts) {
        objects += ofThread[site.ordinal()];
      }
      System.out.println(
          "TRUTH "
              + site
              + ".bytes "
              + objects * site.bytes
              + " "
              + Totals.with(memory, site.method()));
      System.out.println(
          "TRUTH " + site + ".objects " + objects + " " + Totals.firstWith(memory, site.method()));
    }
  }

  private static void allocate(int seed, long seconds, long[] counts) {
    SplittableRandom random = new SplittableRandom(seed);
    Site[] sites = Site.values();
    double all = 0;
    for (Site site : sites) {
      all += site.frequency();
    }
    long start = System.nanoTime();
    long bytes = 0;
    for (int round = 1; bytes < seconds * BYTES_PER_SECOND / THREADS; round++) {
      double at = random.nextDouble(all);
      int chosen = 0;
      while (chosen < sites.length - 1 && at >= sites[chosen].frequency()) {
        at -= sites[chosen++].frequency();
      }
      TruthProgram.kept = sites[chosen].allocator.get();
      counts[chosen]++;
      bytes += sites[chosen].bytes;
      if (round % 512 == 0) {
        pause(start + Math.round(bytes * THREADS * 1e9 / BYTES_PER_SECOND));
      }
    }
  }

  private static void pause(long untilNanos) {
    long millis = (untilNanos - System.nanoTime()) / 1_000_000;
    if (millis > 0) {
      try {
        TimeUnit.MILLISECONDS.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
