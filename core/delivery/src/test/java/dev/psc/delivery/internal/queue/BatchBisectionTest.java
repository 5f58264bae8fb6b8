package dev.psc.delivery.internal.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BatchBisectionTest {

  private final BatchBisection bisection = new BatchBisection();
  private final BatchBisection.Group a = new BatchBisection.Group();
  private final BatchBisection.Group b = new BatchBisection.Group();

  private static Batch part(BatchBisection.Group group) {
    return new Batch(List.of(), group, false);
  }

  @Test
  void hasNothingToTakeAtFirst() {
    assertThat(bisection.hasPart()).isFalse();
    assertThat(bisection.take()).isNull();
    assertThat(bisection.takeAll()).isEmpty();
  }

  @Test
  void takesThePartsOfAGroupInOrderOneAfterTheOther() {
    Batch first = part(a);
    Batch second = part(a);
    bisection.add(a, List.of(first, second));
    assertThat(bisection.hasPart()).isTrue();
    assertThat(bisection.take()).isSameAs(first);
    assertThat(bisection.hasPart()).isFalse();
    assertThat(bisection.take()).isNull();
    bisection.landed(a);
    assertThat(bisection.hasPart()).isTrue();
    assertThat(bisection.take()).isSameAs(second);
    bisection.landed(a);
    assertThat(bisection.hasPart()).isFalse();
    assertThat(bisection.take()).isNull();
  }

  @Test
  void takesWhatAPartBecameBeforeTheOtherParts() {
    Batch part = part(a);
    Batch other = part(a);
    bisection.add(a, List.of(part, other));
    bisection.take();
    Batch half = part(a);
    Batch otherHalf = part(a);
    bisection.add(a, List.of(half, otherHalf));
    bisection.landed(a);
    for (Batch next : List.of(half, otherHalf, other)) {
      assertThat(bisection.take()).isSameAs(next);
      bisection.landed(a);
    }
    assertThat(bisection.hasPart()).isFalse();
  }

  @Test
  void letsGroupsTakeTurns() {
    List<Batch> ofA = List.of(part(a), part(a), part(a));
    List<Batch> ofB = List.of(part(b), part(b));
    bisection.add(a, ofA);
    bisection.add(b, ofB);
    for (Batch next : List.of(ofA.get(0), ofB.get(0), ofA.get(1), ofB.get(1), ofA.get(2))) {
      assertThat(bisection.take()).isSameAs(next);
      bisection.landed(next == ofB.get(0) || next == ofB.get(1) ? b : a);
    }
    assertThat(bisection.take()).isNull();
  }

  @Test
  void doesNotLoseATurnToAskingInVain() {
    List<Batch> ofA = List.of(part(a), part(a));
    List<Batch> ofB = List.of(part(b), part(b));
    bisection.add(a, ofA);
    bisection.add(b, ofB);
    bisection.take();
    bisection.take();
    assertThat(bisection.take()).isNull();
    bisection.landed(a);
    bisection.landed(b);
    assertThat(bisection.take()).isSameAs(ofA.get(1));
    assertThat(bisection.take()).isSameAs(ofB.get(1));
  }

  @Test
  void passesOverAGroupInFlight() {
    List<Batch> ofA = List.of(part(a), part(a));
    List<Batch> ofB = List.of(part(b));
    bisection.add(a, ofA);
    bisection.add(b, ofB);
    assertThat(bisection.take()).isSameAs(ofA.get(0));
    assertThat(bisection.hasPart()).isTrue();
    assertThat(bisection.take()).isSameAs(ofB.get(0));
    assertThat(bisection.hasPart()).isFalse();
  }

  @Test
  void takesAllButWhatIsInFlightAndForgetsIt() {
    List<Batch> ofA = List.of(part(a), part(a), part(a));
    List<Batch> ofB = List.of(part(b));
    bisection.add(a, ofA);
    bisection.add(b, ofB);
    Batch inFlight = bisection.take();
    assertThat(inFlight).isSameAs(ofA.get(0));
    assertThat(bisection.takeAll()).containsExactlyInAnyOrder(ofA.get(1), ofA.get(2), ofB.get(0));
    assertThat(bisection.hasPart()).isFalse();
    assertThat(bisection.takeAll()).isEmpty();

    // The part that was in flight comes back after all: it is alone.
    bisection.add(a, List.of(ofA.get(0)));
    bisection.landed(a);
    assertThat(bisection.take()).isSameAs(ofA.get(0));
    bisection.landed(a);
    assertThat(bisection.hasPart()).isFalse();
  }
}
