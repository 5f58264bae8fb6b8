package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.psc.delivery.internal.send.Sender;
import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.delivery.status.Durability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Tests queue and sender without threads, in virtual time. */
class DeliveryTest {

  private final FakeTicker time = new FakeTicker();
  private final FakeSink sink = new FakeSink();
  private final List<DeliveryEvent> events = new ArrayList<>();
  private Delivery delivery = make(builder -> builder);

  private Delivery make(UnaryOperator<DeliveryBuilder> settings) {
    DeliveryBuilder builder =
        Delivery.builder(sink).ticker(time).random(() -> 1.0).manual().listener(events::add);
    return settings.apply(builder).build();
  }

  @AfterEach
  void countersAddUp() {
    DeliverySnapshot s = delivery.snapshot();
    assertThat(s.accepted() + s.replayed()).isEqualTo(s.sent() + s.droppedTotal() + s.queued());
    if (s.queued() == 0) {
      assertThat(s.queueBytes()).isZero();
      assertThat(s.memoryBytes()).isZero();
    }
  }

  private void run(Duration time) {
    this.time.run(delivery, time);
  }

  @Test
  void waitsForABatchToFillOrToAge() {
    delivery.accept(profile("a", "1"));
    run(Duration.ofMillis(999));
    assertThat(sink.calls()).isEmpty();
    delivery.accept(profile("b", "2"));
    run(Duration.ofMillis(1));
    assertThat(sink.calls()).hasSize(1);
    assertThat(sink.lastCall().ids()).containsExactly("1", "2");

    delivery.accept(profile("a", "3", 600 << 10));
    delivery.accept(profile("b", "4", 600 << 10));
    delivery.step();
    assertThat(sink.calls()).hasSize(2);
    assertThat(sink.lastCall().ids()).containsExactly("3");
  }

  @Test
  void splitsByBytesAndSendsALargeProfileAlone() {
    for (int i = 0; i < 3; i++) {
      delivery.accept(profile("s" + i, "m" + i, 2 << 20));
    }
    delivery.accept(profile("x", "small"));
    run(Duration.ofSeconds(2));
    assertThat(sink.calls())
        .extracting(FakeSink.Call::ids)
        .containsExactly(List.of("m0"), List.of("m1"), List.of("m2"), List.of("small"));
  }

  @Test
  void refusesAProfileOverTheLimitAndContinues() {
    delivery = make(builder -> builder.profileMaxBytes(4 << 20));
    Acceptance answer = delivery.accept(profile("a", "big", 5 << 20));
    assertThat(answer)
        .isInstanceOfSatisfying(
            Acceptance.Refused.class,
            refused -> assertThat(refused.message()).contains("profileMaxBytes = 4194304"));
    delivery.accept(profile("a", "1"));
    run(Duration.ofSeconds(1));
    assertThat(sink.received()).containsExactly("1");
    assertThat(delivery.snapshot().refused()).isEqualTo(Map.of("too_large", 1L));
  }

  @Test
  void keepsTheNewestWhenTheQueueIsFull() {
    sink.answers(FakeSink.retry());
    for (int i = 0; i < 100; i++) {
      assertThat(delivery.accept(profile("s" + i % 7, "" + i, 1 << 20)).isAccepted()).isTrue();
      delivery.step();
    }
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.queued()).isEqualTo(64);
    assertThat(snapshot.dropped()).isEqualTo(Map.of("queue_full", 36L));
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofMinutes(2));
    assertThat(sink.received()).hasSize(64).contains("99", "36").doesNotContain("35");
  }

  @Test
  void keepsTheOrderOfEachSeriesWithSeveralCallsInFlight() {
    sink.holds(true);
    delivery = make(builder -> builder.callsInFlight(3).batchMaxBytes(4096));
    for (int i = 0; i < 40; i++) {
      delivery.accept(profile("s" + i % 4, "s" + i % 4 + "-" + i, 2048));
    }
    // Answers come in any order, and each third call fails.
    java.util.SplittableRandom random = new java.util.SplittableRandom(7);
    List<FakeSink.Call> open = new ArrayList<>();
    int seen = 0;
    for (int round = 0; round < 400 && sink.received().size() < 40; round++) {
      delivery.step();
      open.addAll(sink.calls().subList(seen, sink.calls().size()));
      seen = sink.calls().size();
      for (FakeSink.Call a : open) {
        for (FakeSink.Call b : open) {
          assertThat(
                  a.equals(b)
                      || a.batch().stream()
                          .noneMatch(
                              p -> b.batch().stream().anyMatch(q -> q.labels().equals(p.labels()))))
              .isTrue();
        }
      }
      if (!open.isEmpty()) {
        FakeSink.Call call = open.remove(random.nextInt(open.size()));
        sink.answer(call, random.nextInt(3) == 0 ? FakeSink.retry() : new SendOutcome.Accepted());
      }
      time.advance(Duration.ofSeconds(1));
    }
    assertThat(sink.received()).hasSize(40);
    for (int s = 0; s < 4; s++) {
      String prefix = "s" + s + "-";
      int series = s;
      assertThat(sink.received().stream().filter(id -> id.startsWith(prefix)).toList())
          .isEqualTo(
              IntStream.range(0, 40)
                  .filter(i -> i % 4 == series)
                  .mapToObj(i -> prefix + i)
                  .toList());
    }
  }

  @Test
  void backsOffTheWholeSinkAndHonoursWhatItAsks() {
    sink.answers(FakeSink.retry(Duration.ofSeconds(20)));
    for (int i = 0; i < 100; i++) {
      delivery.accept(profile("s" + i, "" + i, 100 << 10));
    }
    run(Duration.ofSeconds(19));
    int first = sink.calls().size();
    assertThat(first).isLessThanOrEqualTo(2);
    run(Duration.ofSeconds(45));
    assertThat(sink.calls().size() - first).isBetween(1, 3);
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofSeconds(30));
    assertThat(sink.received()).hasSize(100).doesNotHaveDuplicates();
  }

  @Test
  void growsTheRestUpToItsLimitWhileTheSinkIsDown() {
    sink.answers(FakeSink.retry());
    delivery.accept(profile("a", "1"));
    run(Duration.ofHours(1));
    // 0.5 + 1 + 2 + 4 + 8 + 16 s, then every 30 s.
    assertThat(sink.calls().size()).isBetween(115, 130);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.BACKING_OFF);
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofSeconds(30));
    assertThat(sink.received()).containsExactly("1");
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.SENDING);
  }

  /** 10 series every 10 s, an hour of outage at the start and another one later. */
  @Test
  void losesNothingAndKeepsTheOrderWhenTheSinkIsDownForAnHour() {
    int next = 0;
    for (Duration[] phase :
        new Duration[][] {
          {Duration.ofHours(1), Duration.ofMinutes(10)}, {Duration.ofHours(1), Duration.ofHours(1)}
        }) {
      for (int outage = 0; outage < 2; outage++) {
        sink.answers(outage == 0 ? FakeSink.retry() : new SendOutcome.Accepted());
        for (long ten = phase[outage].toSeconds() / 10; ten > 0; ten--) {
          for (int s = 0; s < 10; s++, next++) {
            assertThat(delivery.accept(profile("s" + s, "" + next, 4096)).isAccepted()).isTrue();
          }
          run(Duration.ofSeconds(10));
        }
      }
    }
    assertThat(sink.received()).hasSize(next).doesNotHaveDuplicates();
    for (int s = 0; s < 10; s++) {
      int series = s;
      assertThat(sink.received().stream().mapToInt(Integer::parseInt))
          .filteredOn(id -> id % 10 == series)
          .isSorted();
    }
    assertThat(delivery.snapshot().queued()).isZero();
    assertThat(delivery.snapshot().droppedTotal()).isZero();
  }

  @Test
  void keepsEverythingWhileBlockedAndResumesByItself() {
    sink.answers(FakeSink.blocked());
    for (int i = 0; i < 50; i++) {
      delivery.accept(profile("s" + i, "" + i, 100 << 10));
    }
    run(Duration.ofMinutes(10));
    assertThat(sink.calls().size()).isLessThan(25);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.BLOCKED);
    assertThat(delivery.snapshot().stateMessage()).contains("check the token file");
    assertThat(delivery.snapshot().queued()).isEqualTo(50);
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofMinutes(1));
    assertThat(sink.received()).hasSize(50).doesNotHaveDuplicates();
  }

  @Test
  void findsTheBadProfilesInARefusedBatch() {
    sink.answers(
        batch ->
            batch.stream().anyMatch(p -> Profiles.id(p).endsWith("7"))
                ? FakeSink.rejected()
                : new SendOutcome.Accepted());
    for (int i = 0; i < 1000; i++) {
      delivery.accept(profile("s" + i % 50, "" + i));
    }
    run(Duration.ofSeconds(5));
    assertThat(sink.received())
        .hasSize(900)
        .doesNotHaveDuplicates()
        .noneMatch(id -> id.endsWith("7"));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("invalid_argument", 100L));
    assertThat(sink.calls().size()).isLessThan(2 * 100 * 10);
  }

  /** Concurrent calls with answers in random order; two series are bad throughout. */
  @Test
  void exactlyThePoisonedOfFiftyThousandAreMissing() {
    SplittableRandom random = new SplittableRandom(17);
    List<FakeSink.Call> open = new ArrayList<>();
    sink.holds(true);
    delivery = make(builder -> builder.callsInFlight(4).batchMaxAge(Duration.ofMillis(20)));
    int answered = 0;
    for (int i = 0; i < 200_000; i++) {
      if (i < 50_000) {
        delivery.accept(profile("s" + i % 200, "" + i, 100));
      }
      if (i % 25 == 0) {
        if (i > 50_000 && delivery.snapshot().queued() == 0) {
          break;
        }
        time.advance(Duration.ofMillis(1));
        delivery.step();
        List<FakeSink.Call> calls = sink.calls();
        open.addAll(calls.subList(answered, calls.size()));
        answered = calls.size();
        if (!open.isEmpty() && random.nextInt(3) > 0) {
          FakeSink.Call call = open.remove(random.nextInt(open.size()));
          boolean bad = call.ids().stream().anyMatch(id -> Integer.parseInt(id) % 100 == 42);
          sink.answer(call, bad ? FakeSink.rejected() : new SendOutcome.Accepted());
        }
      }
    }
    assertThat(sink.received()).hasSize(49_500).doesNotHaveDuplicates();
    for (int s = 0; s < 200; s++) {
      int series = s;
      assertThat(sink.received().stream().mapToInt(Integer::parseInt))
          .filteredOn(id -> id % 200 == series)
          .isSorted();
    }
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("invalid_argument", 500L));
    assertThat(events).noneMatch(event -> event instanceof DeliveryEvent.StateChanged);
    assertThat(sink.calls()).hasSizeLessThan(3 * 500);
  }

  @Test
  void sendsASeriesThatWasBadSeveralTimesAloneUntilItIsGoodAgain() {
    sink.answers(
        batch ->
            batch.stream().anyMatch(p -> Profiles.id(p).startsWith("bad"))
                ? FakeSink.rejected()
                : new SendOutcome.Accepted());
    for (int i = 0; i < 4; i++) {
      for (int s = 0; s < 8; s++) {
        delivery.accept(profile("s" + s, "good" + i + "-" + s));
      }
      delivery.accept(profile("broken", "bad" + i));
      run(Duration.ofSeconds(2));
    }
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("invalid_argument", 4L));
    int calls = sink.calls().size();
    delivery.accept(profile("s0", "good5"));
    delivery.accept(profile("broken", "bad5"));
    delivery.accept(profile("s1", "good6"));
    run(Duration.ofSeconds(2));
    assertThat(sink.calls()).hasSize(calls + 3);
    assertThat(sink.lastCall().ids()).containsExactly("good6");

    delivery.accept(profile("broken", "fixed"));
    run(Duration.ofSeconds(2));
    calls = sink.calls().size();
    delivery.accept(profile("s0", "good7"));
    delivery.accept(profile("broken", "fixed too"));
    run(Duration.ofSeconds(2));
    assertThat(sink.calls()).hasSize(calls + 1);
  }

  @Test
  void keepsTheProfilesOfABadSeriesTooWhileTheSinkRefusesEverything() {
    for (int i = 0; i < 3; i++) {
      delivery.accept(profile("broken", "bad" + i));
      delivery.accept(profile("fine", "good" + i));
      sink.answers(
          batch ->
              batch.stream().anyMatch(p -> Profiles.id(p).startsWith("bad"))
                  ? FakeSink.rejected()
                  : new SendOutcome.Accepted());
      run(Duration.ofSeconds(2));
    }
    assertThat(delivery.snapshot().droppedTotal()).isEqualTo(3);
    sink.answers(FakeSink.rejected());
    for (int i = 0; i < 100; i++) {
      delivery.accept(profile("fine" + i, "good" + i));
    }
    run(Duration.ofHours(1));
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.REFUSING);
    for (int i = 0; i < 100; i++) {
      delivery.accept(profile("broken", "fixed" + i));
    }
    run(Duration.ofHours(1));
    assertThat(delivery.snapshot().droppedTotal()).isEqualTo(3);
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofHours(1));
    assertThat(delivery.snapshot().sent()).isEqualTo(203);
  }

  @Test
  void takesASinkThatRefusesEverythingForTheProblem() {
    sink.answers(FakeSink.rejected());
    for (int i = 0; i < 1000; i++) {
      delivery.accept(profile("s" + i % 50, "" + i));
    }
    run(Duration.ofSeconds(10));
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.REFUSING);
    assertThat(sink.calls()).hasSizeLessThanOrEqualTo(Sender.REFUSALS_UNTIL_REFUSING);
    run(Duration.ofHours(1));
    assertThat(sink.calls()).hasSizeLessThan(Sender.REFUSALS_UNTIL_REFUSING + 200);
    assertThat(delivery.snapshot().dropped()).isEmpty();
    assertThat(events.stream().filter(e -> e instanceof DeliveryEvent.StateChanged)).hasSize(1);
    sink.answers(new SendOutcome.Accepted());
    run(Duration.ofMinutes(1));
    assertThat(sink.received()).hasSize(1000).doesNotHaveDuplicates();
  }

  @Test
  void getsPastManyBadProfilesAtTheHead() {
    sink.answers(
        batch ->
            batch.stream().anyMatch(p -> Profiles.id(p).startsWith("bad"))
                ? FakeSink.rejected()
                : new SendOutcome.Accepted());
    for (int i = 0; i < 200; i++) {
      delivery.accept(profile("broken", "bad" + i));
    }
    for (int i = 0; i < 10; i++) {
      delivery.accept(profile("fine" + i, "good" + i));
    }
    run(Duration.ofHours(2));
    assertThat(sink.received()).hasSize(10);
    // Without further profiles it is unknown whether the last bad ones or the sink are at fault.
    delivery.accept(profile("fine", "good"));
    run(Duration.ofHours(2));
    assertThat(sink.received()).hasSize(11);
  }

  @Test
  void countsSentRetriedAndDroppedOnce() {
    List<String> retriedOnce = new ArrayList<>();
    sink.answers(
        batch -> {
          String id = Profiles.id(batch.get(0));
          if (id.equals("8") && retriedOnce.isEmpty()) {
            retriedOnce.add(id);
            return FakeSink.retry();
          }
          return id.equals("3") || id.equals("5")
              ? FakeSink.rejected()
              : new SendOutcome.Accepted();
        });
    delivery = make(builder -> builder.batchMaxAge(Duration.ZERO));
    for (int i = 0; i < 10; i++) {
      delivery.accept(profile("a", "" + i));
      run(Duration.ofSeconds(1));
    }
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.sent()).isEqualTo(8);
    assertThat(snapshot.retried()).isEqualTo(1);
    assertThat(snapshot.dropped()).isEqualTo(Map.of("invalid_argument", 2L));
    assertThat(sink.calls()).hasSize(11);
  }

  @Test
  void dropsWhatTheSinkCallsTooLargeImmediatelyAndNothingElse() {
    sink.answers(
        batch ->
            new SendOutcome.Rejected(
                Profiles.id(batch.get(0)).equals("large") ? "too_large" : "invalid_argument", ""));
    delivery = make(builder -> builder.batchMaxAge(Duration.ZERO));
    delivery.accept(profile("a", "1"));
    run(Duration.ofSeconds(1));
    delivery.accept(profile("a", "large"));
    run(Duration.ofSeconds(1));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("too_large", 1L));
    assertThat(delivery.snapshot().queued()).isEqualTo(1);
  }

  @Test
  void triesAgainWhenACallNeverAnswers() {
    sink.holds(true);
    delivery.accept(profile("a", "1"));
    run(Duration.ofSeconds(42));
    assertThat(sink.calls().size()).isEqualTo(2);
    assertThat(sink.calls().get(0).answer()).isCancelled();
    sink.answer(sink.lastCall(), new SendOutcome.Accepted());
    delivery.step();
    assertThat(delivery.snapshot().sent()).isEqualTo(1);
  }

  @Test
  void treatsASinkThatThrowsAsAFaultThatPasses() {
    boolean[] thrown = {false};
    sink.answers(
        batch -> {
          if (!thrown[0]) {
            thrown[0] = true;
            throw new IllegalStateException("broken");
          }
          return new SendOutcome.Accepted();
        });
    delivery.accept(profile("a", "1"));
    run(Duration.ofSeconds(5));
    assertThat(sink.received()).containsExactly("1");
    assertThat(delivery.snapshot().lastError()).contains("sink_fault").contains("broken");
  }

  /** The failure of a sink whose library has a conflicting version on the class path. */
  @Test
  void keepsOnWhenASinkDoesNotLink() {
    sink.answers(
        batch -> {
          throw new NoClassDefFoundError("com/example/Missing");
        });
    delivery.accept(profile("a", "1"));
    run(Duration.ofSeconds(5));
    assertThat(sink.calls()).hasSizeGreaterThan(1);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.BACKING_OFF);
    assertThat(delivery.snapshot().lastError()).contains("com/example/Missing");
    assertThat(delivery.snapshot().queued()).isEqualTo(1);
  }

  @Test
  void dropsWhatIsOlderThanItsTotalTime() {
    delivery = make(builder -> builder.profileMaxAge(Duration.ofMinutes(10)));
    sink.answers(FakeSink.retry());
    delivery.accept(profile("a", "1"));
    run(Duration.ofMinutes(11));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("expired", 1L));
  }

  @Test
  void countsWhatCloseLeavesAndRefusesAfterIt() {
    sink.answers(FakeSink.retry());
    Receipt receipt = delivery.submit(profile("a", "1"));
    run(Duration.ofSeconds(2));
    assertThat(delivery.close(Duration.ZERO)).isEqualTo(new CloseReport(0, 0, 1));
    assertThat(delivery.close(Duration.ZERO)).isEqualTo(new CloseReport(0, 0, 1));
    assertThat(receipt.durability().toCompletableFuture()).isCompletedWithValue(Durability.LOST);
    assertThat(delivery.accept(profile("a", "2"))).isInstanceOf(Acceptance.Refused.class);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.CLOSED);
    assertThat(sink.closed()).isZero();
  }

  @Test
  void refusesSettingsThatContradict() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> make(b -> b.backoffMax(Duration.ofMillis(1))))
        .withMessageContaining("backoffMax");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> make(b -> b.callsInFlight(0)))
        .withMessageContaining("callsInFlight");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> make(b -> b.batchMaxBytes(0)))
        .withMessageContaining("batchMaxBytes");
  }
}
