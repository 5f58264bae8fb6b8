package dev.psc.jvm;

import dev.psc.jvm.internal.aggregate.Snapshot;
import dev.psc.jvm.internal.aggregate.Window;
import dev.psc.jvm.internal.capture.Capture;
import dev.psc.jvm.internal.capture.SharedCapture;
import dev.psc.jvm.internal.event.CaptureSettings;
import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Allocates on one thread before, in and between two captures, and prints what they counted. */
public final class LateAllocationsProgram {

  private static final long OUTSIDE = 2L << 30;
  private static final long INSIDE = 128L << 20;
  private static final int PARTS = 64;

  private LateAllocationsProgram() {}

  public static void main(String[] arguments) throws Exception {
    ExecutorService worker = Executors.newSingleThreadExecutor();
    for (int capture = 0; capture < 2; capture++) {
      worker.submit(() -> TruthProgram.allocateSmall(OUTSIDE)).get();
      Capture running =
          SharedCapture.acquire(CaptureSettings.DEFAULT, OwnThreads.daemons())
              .get(60, TimeUnit.SECONDS);
      CompletableFuture<Window> window = running.open(Set.of(JvmProfile.MEMORY));
      window.get(60, TimeUnit.SECONDS);
      // A steady flow, since what a thread allocates after its last sample is missing.
      for (int part = 0; part < PARTS; part++) {
        worker.submit(() -> TruthProgram.allocateSmall(INSIDE / PARTS)).get();
        TimeUnit.MILLISECONDS.sleep(20);
      }
      List<Snapshot> snapshots = running.close(window).get(60, TimeUnit.SECONDS);
      SharedCapture.release();
      System.out.println(
          "TRUTH capture"
              + capture
              + " "
              + INSIDE
              + " "
              + Totals.with(snapshots.get(0), TruthProgram.class.getName() + ".allocateSmall"));
    }
    worker.shutdown();
  }
}
