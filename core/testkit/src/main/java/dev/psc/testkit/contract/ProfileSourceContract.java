package dev.psc.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.ProfileSource;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.Profile;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A test suite for the contract of {@link ProfileSource}. */
@Timeout(180)
public abstract class ProfileSourceContract {

  /** Called by subclasses. */
  protected ProfileSourceContract() {}

  /** Returns a new source that produces profiles soon after its start. */
  protected abstract ProfileSource source();

  /** Returns the limit on the time until the first profile; 60 s by default. */
  protected Duration patience() {
    return Duration.ofSeconds(60);
  }

  @Test
  final void handsInProfilesThatCanBeSent() throws Exception {
    Collector collector = new Collector();
    try (ProfileSource source = source()) {
      source.start(collector);
      RawProfile profile = collector.awaitOne();
      assertThat(profile.name()).as("__name__").isNotEmpty();
      assertThat(Profile.parse(profile.pprof()).sampleTypes()).isNotEmpty();
    }
  }

  @Test
  final void handsInNothingAfterItsEnd() throws Exception {
    Collector collector = new Collector();
    ProfileSource source = source();
    source.start(collector);
    collector.awaitOne();

    source.close();

    collector.ended = true;
    assertThat(collector.late.poll(500, TimeUnit.MILLISECONDS)).isNull();
  }

  @Test
  final void startsOnce() throws Exception {
    Collector first = new Collector();
    Collector second = new Collector();
    try (ProfileSource source = source()) {
      source.start(first);
      source.start(second);
      first.awaitOne();
    }

    assertThat(second.arrived).isEmpty();
  }

  @Test
  final void doesNotStartAfterItsEnd() throws Exception {
    ProfileSource source = source();
    source.close();

    assertThatThrownBy(() -> source.start(new Collector()))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  final void endsTwiceWithinBounds() throws Exception {
    ProfileSource source = source();
    source.start(new Collector());
    long start = System.nanoTime();

    source.close();
    source.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(patience());
  }

  @Test
  final void continuesWhenProfilesAreRefused() throws Exception {
    Collector refusing = new Collector(new Acceptance.Refused("queue_full", "the queue is full"));
    try (ProfileSource source = source()) {
      source.start(refusing);
      refusing.awaitOne();
      refusing.awaitOne();
    }
  }

  /** A receiver that keeps the profiles. */
  private final class Collector implements ProfileReceiver {

    final BlockingQueue<RawProfile> arrived = new LinkedBlockingQueue<>();
    final BlockingQueue<RawProfile> late = new LinkedBlockingQueue<>();
    volatile boolean ended;
    private final Acceptance answer;

    Collector() {
      this(new Acceptance.Accepted());
    }

    Collector(Acceptance answer) {
      this.answer = answer;
    }

    @Override
    public Acceptance accept(RawProfile profile) {
      (ended ? late : arrived).add(profile);
      return answer;
    }

    RawProfile awaitOne() throws InterruptedException {
      RawProfile profile = arrived.poll(patience().toMillis(), TimeUnit.MILLISECONDS);
      if (profile == null) {
        throw new AssertionError("no profile arrived within " + patience());
      }
      return profile;
    }
  }
}
