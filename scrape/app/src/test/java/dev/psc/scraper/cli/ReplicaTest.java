package dev.psc.scraper.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplicaTest {

  @Test
  void isThePodsNameWhereThereIsOne() {
    assertThat(Replica.name(" scraper-1\n")).isEqualTo("scraper-1");
  }

  @Test
  void isTheSameEveryTime() {
    assertThat(Replica.name("")).isEqualTo(Replica.name(" "));
  }
}
