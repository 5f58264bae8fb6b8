package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SilentSamplerTest {

  private static final long MILLI = 1_000_000;

  private final SilentSampler sampler = new SilentSampler(Duration.ofMillis(10));

  @Test
  void aBusyThreadWithoutAnySampleIsNoticedWithinSeconds() {
    assertThat(sampler.isSilent(400 * MILLI, 0)).isFalse();
    assertThat(sampler.isSilent(400 * MILLI, 0)).isTrue();
  }

  @Test
  void oneSampleIsEnough() {
    for (int segment = 0; segment < 100; segment++) {
      assertThat(sampler.isSilent(500 * MILLI, segment + 1)).isFalse();
    }
  }

  @Test
  void threadsThatRunForLessThanAPeriodNeedNoSample() {
    for (int segment = 0; segment < 1_000; segment++) {
      assertThat(sampler.isSilent(10 * MILLI, 0)).isFalse();
    }
  }

  @Test
  void aSamplerThatFallsSilentLaterIsNoticed() {
    assertThat(sampler.isSilent(500 * MILLI, 40)).isFalse();
    assertThat(sampler.isSilent(400 * MILLI, 40)).isFalse();
    assertThat(sampler.isSilent(400 * MILLI, 40)).isTrue();
  }
}
