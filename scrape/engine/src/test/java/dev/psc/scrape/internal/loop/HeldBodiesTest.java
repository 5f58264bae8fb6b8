package dev.psc.scrape.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeldBodiesTest {

  @Test
  void refusesBodiesBeyondTheLimitUntilOthersAreReleased() {
    HeldBodies bodies = new HeldBodies(100);
    byte[] first = bodies.hold(new byte[80]);
    assertThat(first).hasSize(80);
    assertThat(bodies.hold(new byte[21])).isNull();
    assertThat(bodies.hold(new byte[20])).hasSize(20);
    bodies.release(first);
    assertThat(bodies.hold(new byte[80])).hasSize(80);
    assertThat(bodies.overloaded()).hasMessageContaining("100 bytes");
  }

  @Test
  void aSingleBodyAlwaysHasRoom() {
    HeldBodies bodies = new HeldBodies(100);
    assertThat(bodies.hold(null)).isNull();
    assertThat(bodies.hold(new byte[500])).hasSize(500);
    assertThat(bodies.hold(new byte[1])).isNull();
  }
}
