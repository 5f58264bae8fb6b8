package dev.psc.testkit.contract;

import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.testkit.TestProfiles;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;

/** Runs the suites on valid implementations. */
class SourceAndTransformContractTest {

  @Nested
  class OfASourceThatTicks extends ProfileSourceContract {

    @Override
    protected ProfileSource source() {
      return new TickingSource();
    }
  }

  @Nested
  class OfATransformThatLabels extends ProfileTransformContract {

    @Override
    protected ProfileTransform transform() {
      return profile -> {
        try {
          String type = Profile.parse(profile.pprof()).sampleTypes().get(0).type();
          return new ProfileTransform.Result.Pass(
              profile.toBuilder().labels(profile.labels().with("type", type)).build());
        } catch (PprofException e) {
          return new ProfileTransform.Result.Reject(e.code(), String.valueOf(e.getMessage()));
        }
      };
    }
  }

  /** A source that submits a profile every 10 ms. */
  private static final class TickingSource implements ProfileSource {

    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();
    private boolean started;

    @Override
    public synchronized void start(ProfileReceiver receiver) {
      if (executor.isShutdown()) {
        throw new IllegalStateException("closed");
      }
      if (!started) {
        started = true;
        var unused =
            executor.scheduleAtFixedRate(
                () ->
                    receiver.accept(
                        RawProfile.of(
                            LabelSet.of("__name__", "process_cpu"), TestProfiles.cpu("main"))),
                0,
                10,
                TimeUnit.MILLISECONDS);
      }
    }

    @Override
    public void close() {
      executor.shutdownNow();
      try {
        if (!executor.awaitTermination(10, TimeUnit.SECONDS)) {
          throw new IllegalStateException("still running");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
