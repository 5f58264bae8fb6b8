package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.Delivery;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed again and again while profiles flow loses none that it called safe. */
@Tag("slow")
@Timeout(300)
class DeliveryKillTest {

  private static final int KILLS = 30;

  /** Numbers have seven digits, so that one that was cut short in printing shows. */
  private static final int FIRST = 1_000_000;

  /** What may come again after a kill: two calls of about 30 profiles, and what was just sent. */
  private static final int DUPLICATES_PER_KILL = 120;

  @Test
  void everySafeProfileArrivesAfterManyKills(@TempDir Path directory) throws Exception {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Path spool = directory.resolve("spool");
    Set<Integer> safe = new HashSet<>();
    try (DeliveryRig rig = DeliveryRig.start()) {
      rig.store.faults().delay(java.time.Duration.ofMillis(3));
      int next = FIRST;
      for (int kill = 0; kill < KILLS; kill++) {
        if (kill % 5 == 3) {
          rig.proxy.refuse();
        } else {
          rig.proxy.clear();
        }
        Set<Integer> printed = runAndKill(rig, spool, next, random, kill % 6 == 5);
        safe.addAll(printed);
        // A child that is killed may have used numbers that it never printed.
        next += 100_000;
      }
      rig.proxy.clear();
      long before = rig.store.profileCount();
      try (Delivery last = rig.delivery().spool(spool).build()) {
        last.start();
        assertThat(last.flush(PATIENCE)).as("%s", last.snapshot()).isTrue();
        assertThat(last.snapshot().dropped()).as("%s", last.snapshot()).isEmpty();
      }
      Set<Integer> missing = new TreeSet<>(safe);
      for (int s = 0; s < 5; s++) {
        List<Integer> ids = rig.ids("s" + s);
        missing.removeAll(ids);
      }
      System.err.printf(
          "%d kills: %d safe, %d stored, %d of them by the last run, %d duplicates%n",
          KILLS,
          safe.size(),
          rig.store.profileCount(),
          rig.store.profileCount() - before,
          rig.store.duplicateCount());
      assertThat(safe).hasSizeGreaterThan(KILLS);
      assertThat(missing).as("seed %d", seed).isEmpty();
      assertThat(rig.store.duplicateCount())
          .as("seed %d", seed)
          .isLessThanOrEqualTo((long) KILLS * DUPLICATES_PER_KILL);
    }
  }

  private static Set<Integer> runAndKill(
      DeliveryRig rig, Path spool, int first, SplittableRandom random, boolean early)
      throws IOException, InterruptedException {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                KilledChild.class.getName(),
                spool.toString(),
                rig.proxy.address(),
                rig.store.token().reveal(),
                rig.store.project().value(),
                Integer.toString(first))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    Set<Integer> printed = new HashSet<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII))) {
      // Mostly while profiles flow, now and then while it starts, reads the spool, or replays.
      String line = early ? "" : lines.readLine();
      long delayNanos = TimeUnit.MILLISECONDS.toNanos(random.nextInt(early ? 1000 : 400));
      Thread killer =
          new Thread(
              () -> {
                LockSupport.parkNanos(delayNanos);
                child.destroyForcibly();
              });
      killer.start();
      while (line != null) {
        if (line.length() == Integer.toString(FIRST).length()) {
          printed.add(Integer.parseInt(line));
        }
        line = lines.readLine();
      }
      killer.join();
    }
    assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return printed;
  }
}
