package dev.psc.delivery.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BatchBisectionTest {

  private final BatchBisection isolation = new BatchBisection();
  private final BatchBisection.Group a = new BatchBisection.Group();
  private final BatchBisection.Group b = new BatchBisection.Group();

  private static Batch part(BatchBisection.Group group) {
    return new Batch(List.of(), group, false);
  }

  @Test
  void hasNothingToTakeAtFirst() {
    assertThat(isolation.hasPart()).isFalse();
    assertThat(isolation.take()).isNull();
    assertThat(isolation.takeAll()).isEmpty();
  }

  @Test
  void takesThePartsOfAGroupInOrderOneAfterTheOther() {
    Batch first = part(a);
    Batch second = part(a);
    isolation.add(a, List.of(first, second));
    assertThat(isolation.hasPart()).isTrue();
    assertThat(isolation.take()).isSameAs(first);
    assertThat(isolation.hasPart()).isFalse();
    assertThat(isolation.take()).isNull();
    isolation.landed(a);
    assertThat(isolation.hasPart()).isTrue();
    assertThat(isolation.take()).isSameAs(second);
    isolation.landed(a);
    assertThat(isolation.hasPart()).isFalse();
    assertThat(isolation.take()).isNull();
  }

  @Test
  void takesWhatAPartBecameBeforeTheOtherParts() {
    Batch part = part(a);
    Batch other = part(a);
    isolation.add(a, List.of(part, other));
    isolation.take();
    Batch half = part(a);
    Batch otherHalf = part(a);
    isolation.add(a, List.of(half, otherHalf));
    isolation.landed(a);
    for (Batch next : List.of(half, otherHalf, other)) {
      assertThat(isolation.take()).isSameAs(next);
      isolation.landed(a);
    }
    assertThat(isolation.hasPart()).isFalse();
  }

  @Test
  void letsGroupsTakeTurns() {
    List<Batch> ofA = List.of(part(a), part(a), part(a));
    List<Batch> ofB = List.of(part(b), part(b));
    isolation.add(a, ofA);
    isolation.add(b, ofB);
    for (Batch next : List.of(ofA.get(0), ofB.get(0), ofA.get(1), ofB.get(1), ofA.get(2))) {
      assertThat(isolation.take()).isSameAs(next);
      isolation.landed(next == ofB.get(0) || next == ofB.get(1) ? b : a);
    }
    assertThat(isolation.take()).isNull();
  }

  @Test
  void doesNotLoseATurnToAskingInVain() {
    List<Batch> ofA = List.of(part(a), part(a));
    List<Batch> ofB = List.of(part(b), part(b));
    isolation.add(a, ofA);
    isolation.add(b, ofB);
    isolation.take();
    isolation.take();
    assertThat(isolation.take()).isNull();
    isolation.landed(a);
    isolation.landed(b);
    assertThat(isolation.take()).isSameAs(ofA.get(1));
    assertThat(isolation.take()).isSameAs(ofB.get(1));
  }

  @Test
  void passesOverAGroupInFlight() {
    List<Batch> ofA = List.of(part(a), part(a));
    List<Batch> ofB = List.of(part(b));
    isolation.add(a, ofA);
    isolation.add(b, ofB);
    assertThat(isolation.take()).isSameAs(ofA.get(0));
    assertThat(isolation.hasPart()).isTrue();
    assertThat(isolation.take()).isSameAs(ofB.get(0));
    assertThat(isolation.hasPart()).isFalse();
  }

  @Test
  void takesAllButWhatIsInFlightAndForgetsIt() {
    List<Batch> ofA = List.of(part(a), part(a), part(a));
    List<Batch> ofB = List.of(part(b));
    isolation.add(a, ofA);
    isolation.add(b, ofB);
    Batch inFlight = isolation.take();
    assertThat(inFlight).isSameAs(ofA.get(0));
    assertThat(isolation.takeAll()).containsExactlyInAnyOrder(ofA.get(1), ofA.get(2), ofB.get(0));
    assertThat(isolation.hasPart()).isFalse();
    assertThat(isolation.takeAll()).isEmpty();

    // The part that was in flight comes back after all: it is alone.
    isolation.add(a, List.of(ofA.get(0)));
    isolation.landed(a);
    assertThat(isolation.take()).isSameAs(ofA.get(0));
    isolation.landed(a);
    assertThat(isolation.hasPart()).isFalse();
  }
}
