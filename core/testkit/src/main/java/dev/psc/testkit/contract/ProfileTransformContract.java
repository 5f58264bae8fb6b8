package dev.psc.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.testkit.TestProfiles;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A test suite for the contract of {@link ProfileTransform}. */
@Timeout(120)
public abstract class ProfileTransformContract {

  private static final LabelSet SERIES = LabelSet.of("__name__", "process_cpu", "job", "contract");

  /** Called by subclasses. */
  protected ProfileTransformContract() {}

  /** Returns the transform under test. */
  protected abstract ProfileTransform transform();

  /** Returns the valid input profiles; a small CPU profile by default. */
  protected List<RawProfile> profiles() {
    return List.of(RawProfile.of(SERIES, TestProfiles.cpu("main")));
  }

  @Test
  final void leavesTheBytesThatCameInAsTheyAre() {
    for (RawProfile profile : profiles()) {
      byte[] before = profile.pprof().clone();

      check(transform().apply(profile));

      assertThat(profile.pprof()).isEqualTo(before);
    }
  }

  @Test
  final void throwsForNoInput() {
    ProfileTransform transform = transform();
    for (byte[] body : badBodies()) {
      check(transform.apply(RawProfile.of(SERIES, body)));
    }
  }

  @Test
  final void worksForSeveralThreads() {
    ProfileTransform transform = transform();
    List<CompletableFuture<Void>> runs = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      runs.add(
          CompletableFuture.runAsync(
              () -> {
                for (int n = 0; n < 20; n++) {
                  profiles().forEach(profile -> check(transform.apply(profile)));
                }
              }));
    }

    runs.forEach(run -> run.orTimeout(60, TimeUnit.SECONDS).join());
  }

  private static void check(ProfileTransform.Result result) {
    if (result instanceof ProfileTransform.Result.Pass pass) {
      assertThat(pass.profile()).isNotNull();
    } else if (result instanceof ProfileTransform.Result.Withhold withhold) {
      check(withhold.reason(), withhold.message());
    } else if (result instanceof ProfileTransform.Result.Reject reject) {
      check(reject.reason(), reject.message());
    }
  }

  private static void check(String reason, String message) {
    assertThat(reason).matches("[a-z0-9_]+");
    assertThat(message).isNotBlank();
  }

  private static List<byte[]> badBodies() {
    byte[] good = TestProfiles.cpu("main");
    List<byte[]> bodies =
        new ArrayList<>(
            List.of(
                new byte[0],
                new byte[] {0x1f, (byte) 0x8b},
                Arrays.copyOf(good, good.length / 2),
                "<html></html>".getBytes(StandardCharsets.UTF_8),
                "goroutine profile: total 3\n".getBytes(StandardCharsets.UTF_8)));
    SplittableRandom random = new SplittableRandom(42);
    for (int i = 0; i < 200; i++) {
      byte[] flipped = good.clone();
      flipped[random.nextInt(flipped.length)] ^= (byte) (1 << random.nextInt(8));
      bodies.add(flipped);
    }
    return bodies;
  }
}
