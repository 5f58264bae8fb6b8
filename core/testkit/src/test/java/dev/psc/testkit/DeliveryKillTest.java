package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.Delivery;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a process repeatedly during delivery: it loses no profile that it reported as safe. */
@Timeout(300)
class DeliveryKillTest {

  /** The moment of a kill, within some hundred milliseconds. */
  private enum Moment {
    /** While profiles are sent. */
    SENDING,
    /** As soon as some are safe. */
    WRITING,
    /** The same, while the store is down. */
    REFUSED,
    /** While it starts, reads the spool, or replays. */
    EARLY
  }

  /** The numbers of profiles by how far they came, as the children printed them. */
  private static final class Printed {
    final Set<Integer> served = new HashSet<>();
    final Set<Integer> accepted = new HashSet<>();
    final Set<Integer> safe = new HashSet<>();

    /** Adds a line, unless it is truncated. */
    void add(String line) {
      int space = line.indexOf(' ');
      if (space < 0 || line.length() - space - 1 != Integer.toString(FIRST).length()) {
        return;
      }
      int number = Integer.parseInt(line.substring(space + 1));
      switch (line.substring(0, space)) {
        case "served" -> served.add(number);
        case "accepted" -> accepted.add(number);
        case "safe" -> safe.add(number);
        default -> throw new IllegalStateException(line);
      }
    }
  }

  /** Reads lines up to that of a safe profile and returns it, or null at the end. */
  private static @Nullable String nextSafe(BufferedReader lines, Printed all) throws IOException {
    String line = lines.readLine();
    while (line != null && !line.startsWith("safe ")) {
      all.add(line);
      line = lines.readLine();
    }
    return line;
  }

  private static Set<Integer> without(Set<Integer> all, Set<Integer> stored) {
    Set<Integer> missing = new TreeSet<>(all);
    missing.removeAll(stored);
    return missing;
  }

  /** Numbers have seven digits, so that a truncated line is detected. */
  private static final int FIRST = 1_000_000;

  /**
   * The limit on duplicates after a kill: two calls of about 30 profiles, and the last sent ones.
   */
  private static final int DUPLICATES_PER_KILL = 120;

  @Tag("slow")
  @Test
  void everySafeProfileArrivesAfterManyKills(@TempDir Path directory) throws Exception {
    everySafeProfileArrives(directory, 36);
  }

  @Test
  void everySafeProfileArrivesAfterAFewKills(@TempDir Path directory) throws Exception {
    everySafeProfileArrives(directory, 2);
  }

  private static void everySafeProfileArrives(Path directory, int kills) throws Exception {
    long seed = System.nanoTime();
    SplittableRandom random = new SplittableRandom(seed);
    Path spool = directory.resolve("spool");
    Printed all = new Printed();
    try (DeliveryRig rig = DeliveryRig.start()) {
      rig.store.faults().delay(Duration.ofMillis(3));
      int next = FIRST;
      for (int kill = 0; kill < kills; kill++) {
        Moment moment = Moment.values()[kill % Moment.values().length];
        if (moment == Moment.REFUSED) {
          rig.proxy.refuse();
        } else {
          rig.proxy.clear();
        }
        runAndKill(rig, spool, next, random, moment, all);
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
      Set<Integer> stored = new HashSet<>();
      for (int s = 0; s < 5; s++) {
        stored.addAll(rig.ids("s" + s));
      }
      System.err.printf(
          "%d kills: %d served, %d accepted (%d of them lost), %d safe (%d of them lost), %d stored,"
              + " %d of them by the last run, %d duplicates%n",
          kills,
          all.served.size(),
          all.accepted.size(),
          without(all.accepted, stored).size(),
          all.safe.size(),
          without(all.safe, stored).size(),
          rig.store.profileCount(),
          rig.store.profileCount() - before,
          rig.store.duplicateCount());
      assertThat(all.safe).hasSizeGreaterThan(kills);
      assertThat(without(all.safe, stored)).as("seed %d", seed).isEmpty();
      assertThat(all.served).as("seed %d", seed).containsAll(all.accepted);
      // The child keeps at most 50 profiles that are not safe yet.
      assertThat(without(all.accepted, stored))
          .as("seed %d: lost before they were on disk", seed)
          .hasSizeLessThanOrEqualTo(50 * kills);
      assertThat(rig.store.duplicateCount())
          .as("seed %d", seed)
          .isLessThanOrEqualTo((long) kills * DUPLICATES_PER_KILL);
    }
  }

  @Test
  void twoProcessesDoNotShareADirectory(@TempDir Path directory) throws Exception {
    Path spool = directory.resolve("spool");
    try (DeliveryRig rig = DeliveryRig.start()) {
      rig.proxy.refuse();
      Process child = child(rig, spool, FIRST);
      try (BufferedReader lines = lines(child)) {
        assertThat(nextSafe(lines, new Printed())).isNotNull();
        Delivery second = rig.delivery().spool(spool).build();
        second.accept(DeliveryRig.profile("a", 1));
        assertThat(second.snapshot().spoolHealthy()).isFalse();
        assertThat(second.snapshot().spoolMessage()).contains("process " + child.pid());
        assertThat(second.snapshot().replayed()).isZero();
        child.destroyForcibly();
        assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
        // What it left is taken over as soon as its lock is free.
        await().atMost(PATIENCE).until(() -> second.snapshot().replayed() > 0);
        rig.proxy.clear();
        assertThat(second.flush(PATIENCE)).isTrue();
        assertThat(rig.ids("a")).containsExactly(1);
        second.close();
      } finally {
        child.destroyForcibly();
      }
    }
  }

  private static BufferedReader lines(Process child) {
    return new BufferedReader(
        new InputStreamReader(child.getInputStream(), StandardCharsets.US_ASCII));
  }

  private static Process child(DeliveryRig rig, Path spool, int first) throws IOException {
    return new ProcessBuilder(
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
  }

  private static void runAndKill(
      DeliveryRig rig, Path spool, int first, SplittableRandom random, Moment moment, Printed all)
      throws IOException, InterruptedException {
    long stored = rig.store.profileCount();
    Process child = child(rig, spool, first);
    try (BufferedReader lines = lines(child)) {
      String line = moment == Moment.EARLY ? "" : nextSafe(lines, all);
      long delayNanos =
          TimeUnit.MILLISECONDS.toNanos(random.nextInt(moment == Moment.EARLY ? 1000 : 400));
      Thread killer =
          new Thread(
              () -> {
                if (moment == Moment.SENDING) {
                  await()
                      .pollInterval(Duration.ofMillis(5))
                      .atMost(PATIENCE)
                      .until(() -> rig.store.profileCount() > stored);
                }
                LockSupport.parkNanos(delayNanos);
                // Not of the Process: that would also close what is still being read.
                child.toHandle().destroyForcibly();
              });
      killer.start();
      while (line != null) {
        all.add(line);
        line = lines.readLine();
      }
      killer.join();
    }
    assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
  }
}
