package dev.psc.scraper.server;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.scraper.server.HttpExchange.Answer;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Draws flame graphs, one at a time and only of profiles that fit into a share of the heap, as the
 * call tree of a profile is several times larger than the profile. Thread-safe.
 */
final class Drawings {

  /** Limit on an inflated profile, as a share of the heap: its tree may be ten times as large. */
  private static final int HEAP_SHARE = 32;

  private static final String POLICY = FlameGraph.policy() + "; frame-ancestors 'none'";
  private static final long MIN_BYTES = 1 << 20;
  private static final long WAIT_SECONDS = 5;

  private final PprofLimits limits;
  private final Semaphore turn = new Semaphore(1, true);

  Drawings(long maxInflatedBytes) {
    limits = PprofLimits.defaults().withInflatedBytes(maxInflatedBytes);
  }

  static Drawings create() {
    return new Drawings(Math.max(MIN_BYTES, Runtime.getRuntime().maxMemory() / HEAP_SHARE));
  }

  Answer draw(RawProfile profile) throws InterruptedException {
    return inTurn(
        () -> FlameGraph.html(Profile.parse(profile.pprof(), limits), profile.labels().toString()));
  }

  /** Draws the difference of {@code after} to {@code before}. */
  Answer drawDifference(RawProfile before, RawProfile after) throws InterruptedException {
    return inTurn(
        () ->
            FlameGraph.difference(
                Profile.parse(before.pprof(), limits),
                Profile.parse(after.pprof(), limits),
                before.labels() + " → " + after.labels()));
  }

  /** Draws a page. */
  @FunctionalInterface
  private interface Drawing {
    String draw() throws PprofException;
  }

  private Answer inTurn(Drawing drawing) throws InterruptedException {
    if (!turn.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
      return Answer.text(503, "another flame graph is being drawn; try again\n");
    }
    try {
      return Answer.html(drawing.draw(), POLICY);
    } catch (IllegalArgumentException e) {
      return Answer.text(422, "these profiles cannot be compared: " + e.getMessage() + "\n");
    } catch (PprofException e) {
      return e.code().equals(PprofException.TOO_LARGE)
          ? tooLarge(String.valueOf(e.getMessage()))
          : Answer.text(422, "the profile cannot be read: " + e.getMessage() + "\n");
    } finally {
      turn.release();
    }
  }

  static Answer tooLarge(String why) {
    return Answer.text(
        413, "too large to draw: " + why + "; raise the heap with -Xmx, or open it in the store\n");
  }
}
