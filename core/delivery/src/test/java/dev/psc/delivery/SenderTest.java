package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.internal.send.Sender;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the times of calls and timeouts, counters, events and logs. */
class SenderTest {

  private static final Duration NANO = Duration.ofNanos(1);
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final SendOutcome ACCEPTED = new SendOutcome.Accepted();
  private static final int FULL = 1024;

  private final FakeTicker time = new FakeTicker();
  private final FakeSink sink = new FakeSink();
  private final List<DeliveryEvent> events = new ArrayList<>();
  private Delivery delivery = make(sink, builder -> builder);

  private Delivery make(ProfileSink to, UnaryOperator<DeliveryBuilder> settings) {
    DeliveryBuilder builder =
        Delivery.builder(to).ticker(time).random(() -> 1.0).manual().listener(events::add);
    return settings.apply(builder.batchMaxBytes(FULL)).build();
  }

  @AfterEach
  void countersAddUp() {
    DeliverySnapshot s = delivery.snapshot();
    assertThat(s.accepted()).isEqualTo(s.sent() + s.droppedTotal() + s.queued());
  }

  /** Accepts profiles that are a batch each. */
  private void acceptFull(String... ids) {
    for (String id : ids) {
      delivery.accept(profile("series-" + id, id, FULL));
    }
  }

  private Duration step() {
    return Duration.ofNanos(delivery.step());
  }

  private Duration stepAfter(Duration wait) {
    time.advance(wait);
    return step();
  }

  private void answer(int call, SendOutcome outcome) {
    sink.answer(sink.calls().get(call), outcome);
  }

  private List<List<String>> sent() {
    return sink.calls().stream().map(FakeSink.Call::ids).toList();
  }

  // ---- calls

  @Test
  void countsAndTellsWhatWasTaken() {
    sink.holds(true);
    delivery.accept(profile("a", "1", 100));
    delivery.accept(profile("b", "2", 50));
    stepAfter(SECOND);
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(1);
    assertThat(delivery.snapshot().calls()).isZero();
    assertThat(events).isEmpty();

    time.advance(Duration.ofMillis(250));
    answer(0, ACCEPTED);
    step();
    assertThat(events).containsExactly(new DeliveryEvent.Sent(2, 150, Duration.ofMillis(250)));
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.sent()).isEqualTo(2);
    assertThat(snapshot.sentBytes()).isEqualTo(150);
    assertThat(snapshot.calls()).isEqualTo(1);
    assertThat(snapshot.callsInFlight()).isZero();
    assertThat(snapshot.lastError()).isEmpty();
  }

  @Test
  void makesAsManyCallsSideBySideAsItMayAndSleepsUntilTheFirstMustBeGivenUp() {
    sink.holds(true);
    acceptFull("1", "2", "3");
    assertThat(step()).isEqualTo(Duration.ofSeconds(40));
    assertThat(sent()).containsExactly(List.of("1"), List.of("2"));
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(2);
    assertThat(stepAfter(Duration.ofSeconds(10))).isEqualTo(Duration.ofSeconds(30));

    answer(0, ACCEPTED);
    assertThat(step()).isEqualTo(Duration.ofSeconds(30));
    assertThat(sent()).containsExactly(List.of("1"), List.of("2"), List.of("3"));
    answer(1, ACCEPTED);
    assertThat(step()).isEqualTo(Duration.ofSeconds(40));
  }

  @Test
  void givesACallUpAtItsDeadlineAndNotBefore() {
    sink.holds(true);
    delivery = make(sink, builder -> builder.callTimeout(Duration.ofSeconds(7)));
    acceptFull("1");
    assertThat(step()).isEqualTo(Duration.ofSeconds(7));
    assertThat(stepAfter(Duration.ofSeconds(7).minus(NANO))).isEqualTo(NANO);
    assertThat(sink.lastCall().answer()).isNotDone();
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(1);

    try (LoggedLines log = new LoggedLines(Sender.class)) {
      assertThat(stepAfter(NANO)).isEqualTo(Duration.ofMillis(500));
      assertThat(log.lines())
          .as("nothing of a fault of the sink, which only was cancelled")
          .containsExactly(
              "WARN Sink fake is BACKING_OFF: timeout: no response within callTimeout = PT7S"
                  + " (0 more since)");
    }
    assertThat(sink.lastCall().answer()).isCancelled();
    String message = "no response within callTimeout = PT7S";
    assertThat(events)
        .containsExactly(
            new DeliveryEvent.Retrying(1, "timeout", message, Duration.ofMillis(500)),
            new DeliveryEvent.StateChanged(
                DeliveryState.SENDING, DeliveryState.BACKING_OFF, "timeout: " + message));
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.lastError()).isEqualTo("timeout: " + message);
    assertThat(snapshot.retried()).isEqualTo(1);
    assertThat(snapshot.calls()).isEqualTo(1);
    assertThat(snapshot.callsInFlight()).isZero();
  }

  @Test
  void ignoresAnAnswerThatComesAfterTheCallWasGivenUp() {
    List<CompletableFuture<SendOutcome>> answers = new ArrayList<>();
    delivery =
        make(
            new AnsweringSink(
                () -> {
                  CompletableFuture<SendOutcome> answer =
                      new CompletableFuture<>() {
                        @Override
                        public CompletableFuture<SendOutcome> toCompletableFuture() {
                          throw new UnsupportedOperationException("cannot be cancelled");
                        }
                      };
                  answers.add(answer);
                  return answer;
                }),
            builder -> builder);
    acceptFull("1");
    step();
    stepAfter(Duration.ofSeconds(40));
    stepAfter(Duration.ofMillis(500));
    assertThat(answers).hasSize(2);

    answers.get(0).complete(ACCEPTED);
    step();
    assertThat(delivery.snapshot().sent()).isZero();
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(1);
    assertThat(delivery.snapshot().calls()).isEqualTo(1);
    answers.get(1).complete(ACCEPTED);
    step();
    assertThat(delivery.snapshot().sent()).isEqualTo(1);
    assertThat(delivery.snapshot().calls()).isEqualTo(2);
  }

  @Test
  void wakesUpForAnAnswer() {
    sink.holds(true);
    try (Delivery threaded = Delivery.builder(sink).batchMaxBytes(FULL).callsInFlight(1).build()) {
      threaded.accept(profile("a", "1", FULL));
      threaded.accept(profile("b", "2", FULL));
      await().until(() -> sink.calls().size() == 1);
      sink.holds(false);
      answer(0, ACCEPTED);
      await().until(() -> sink.received().equals(List.of("1", "2")));
    }
  }

  @Test
  void givesUpItsCallsWhenItIsClosedAndMakesNoMore() {
    sink.holds(true);
    acceptFull("1", "2", "3");
    step();
    assertThat(delivery.close(Duration.ZERO)).isEqualTo(new CloseReport(0, 0, 3));
    assertThat(sink.calls()).hasSize(2).allMatch(call -> call.answer().isCancelled());
    assertThat(delivery.snapshot().callsInFlight()).isZero();
    assertThat(step()).as("nothing will be").isEqualTo(Duration.ofNanos(Long.MAX_VALUE));
    assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("closed", 3L));
    assertThat(delivery.snapshot().retried()).isZero();
  }

  // ---- retries

  @Test
  void restsExactlyAsLongAsItSays() {
    sink.answers(FakeSink.retry());
    acceptFull("1", "2");
    int calls = 0;
    for (int millis : new int[] {500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000}) {
      Duration rest = Duration.ofMillis(millis);
      assertThat(step()).isEqualTo(rest);
      assertThat(sink.calls()).hasSize(++calls);
      assertThat(events)
          .contains(
              new DeliveryEvent.Retrying(1, "unavailable", "connection refused", rest),
              new DeliveryEvent.StateChanged(
                  DeliveryState.SENDING,
                  DeliveryState.BACKING_OFF,
                  "unavailable: connection refused"))
          .hasSize(1 + calls);
      assertThat(stepAfter(rest.minus(NANO))).isEqualTo(NANO);
      assertThat(sink.calls()).hasSize(calls);
      time.advance(NANO);
    }
    assertThat(delivery.snapshot().retried()).isEqualTo(calls);
  }

  @Test
  void restsAsLongAsTheSinkAsksButNotForHours() {
    acceptFull("1");
    sink.answers(FakeSink.retry(Duration.ofSeconds(20)));
    assertThat(step()).as("20 s and a tenth").isEqualTo(Duration.ofSeconds(22));
    sink.answers(FakeSink.retry(Duration.ofHours(1)));
    assertThat(stepAfter(Duration.ofSeconds(22)))
        .as("5 min and a tenth")
        .isEqualTo(Duration.ofSeconds(330));
    sink.answers(FakeSink.retry(Duration.ZERO));
    assertThat(stepAfter(Duration.ofSeconds(330)))
        .as("its own rest after the third failure")
        .isEqualTo(Duration.ofSeconds(2));
    assertThat(events)
        .contains(
            new DeliveryEvent.Retrying(
                1, "resource_exhausted", "slow down", Duration.ofSeconds(330)));
  }

  @Test
  void takesFailuresSideBySideForOne() {
    sink.holds(true);
    acceptFull("1", "2", "3");
    step();
    answer(0, FakeSink.retry());
    assertThat(step()).isEqualTo(Duration.ofMillis(500));
    time.advance(Duration.ofMillis(200));
    answer(1, FakeSink.retry());
    assertThat(step()).isEqualTo(Duration.ofMillis(300));
    assertThat(events)
        .filteredOn(event -> event instanceof DeliveryEvent.Retrying)
        .containsExactly(
            new DeliveryEvent.Retrying(
                1, "unavailable", "connection refused", Duration.ofMillis(500)),
            new DeliveryEvent.Retrying(
                1, "unavailable", "connection refused", Duration.ofMillis(300)));

    stepAfter(Duration.ofMillis(300));
    assertThat(delivery.snapshot().callsInFlight()).as("one call until it is well").isEqualTo(1);
    answer(2, FakeSink.retry());
    assertThat(step()).as("the second failure").isEqualTo(SECOND);
    assertThat(delivery.snapshot().retried()).isEqualTo(3);

    stepAfter(SECOND);
    answer(3, ACCEPTED);
    step();
    assertThat(delivery.snapshot().callsInFlight()).as("well again").isEqualTo(2);
    answer(4, FakeSink.retry());
    assertThat(step()).as("the first failure in a row").isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void aLateFailureSaysThatTheRestIsOver() {
    sink.holds(true);
    acceptFull("1", "2");
    step();
    answer(0, FakeSink.retry());
    step();
    time.advance(Duration.ofSeconds(3));
    answer(1, FakeSink.retry());
    step();
    assertThat(events)
        .contains(
            new DeliveryEvent.Retrying(1, "unavailable", "connection refused", Duration.ZERO));
  }

  @Test
  void stopsImmediatelyWhenASinkThatAnswersImmediatelyFails() {
    sink.answers(FakeSink.retry());
    acceptFull("1", "2", "3");
    step();
    assertThat(sent()).containsExactly(List.of("1"));
  }

  // ---- a sink that does not let us in

  @ParameterizedTest
  @CsvSource({"0, 7500", "0.5, 10000", "1, 12500"})
  void triesASinkThatDoesNotLetUsInWithOneProfileNowAndThen(double random, long millis) {
    sink.answers(FakeSink.blocked());
    delivery = make(sink, b -> b.random(() -> random).probeInterval(Duration.ofSeconds(10)));
    for (int i = 0; i < 4; i++) {
      delivery.accept(profile("s" + i, "" + i, 400));
    }
    Duration rest = Duration.ofMillis(millis);
    assertThat(step()).isEqualTo(rest);
    assertThat(stepAfter(rest.minus(NANO))).isEqualTo(NANO);
    assertThat(sent()).containsExactly(List.of("0", "1"));
    assertThat(stepAfter(NANO)).isEqualTo(rest);
    assertThat(sent()).containsExactly(List.of("0", "1"), List.of("0"));
    assertThat(delivery.snapshot().retried()).isZero();
    assertThat(delivery.snapshot().lastError()).isEqualTo("unauthenticated: check the token file");

    sink.answers(ACCEPTED);
    stepAfter(rest);
    assertThat(sent().subList(2, sent().size()))
        .containsExactly(List.of("0"), List.of("1", "2"), List.of("3"));
    assertThat(sink.received()).containsExactly("0", "1", "2", "3");
    assertThat(events)
        .filteredOn(event -> event instanceof DeliveryEvent.StateChanged)
        .containsExactly(
            new DeliveryEvent.StateChanged(
                DeliveryState.SENDING,
                DeliveryState.BLOCKED,
                "unauthenticated: check the token file"),
            new DeliveryEvent.StateChanged(DeliveryState.BLOCKED, DeliveryState.SENDING, ""));
    assertThat(delivery.snapshot().stateMessage()).isEmpty();
  }

  @Test
  void saysInTheLogHowSendingGoes() {
    try (LoggedLines log = new LoggedLines(Sender.class)) {
      acceptFull("1");
      sink.answers(FakeSink.blocked());
      step();
      sink.answers(ACCEPTED);
      stepAfter(Duration.ofMinutes(1));
      acceptFull("2");
      step();
      assertThat(log.lines())
          .containsExactly(
              "WARN Sink fake is BLOCKED: unauthenticated: check the token file (0 more since)",
              "INFO Sink fake accepts profiles again");
    }
  }

  // ---- a sink that fails instead of answering

  @Test
  void takesWhatASinkFailsWithForAFaultOfIts() {
    assertFault(
        CompletableFuture.failedFuture(new IllegalStateException("broken")),
        "java.lang.IllegalStateException: broken");
    assertFault(CompletableFuture.completedFuture(null), "no response");
  }

  private void assertFault(CompletionStage<SendOutcome> answer, String message) {
    delivery = make(new AnsweringSink(() -> answer), builder -> builder);
    events.clear();
    try (LoggedLines log = new LoggedLines(Sender.class)) {
      acceptFull("1");
      assertThat(step()).isEqualTo(Duration.ofMillis(500));
      assertThat(log.lines())
          .containsExactly(
              "WARN Sink answering failed without an outcome (0 more since); its batch is retried",
              "WARN Sink answering is BACKING_OFF: sink_fault: " + message + " (0 more since)");
    }
    assertThat(events)
        .contains(new DeliveryEvent.Retrying(1, "sink_fault", message, Duration.ofMillis(500)));
    assertThat(delivery.snapshot().lastError()).isEqualTo("sink_fault: " + message);
    assertThat(delivery.snapshot().queued()).isEqualTo(1);
  }

  @Test
  void countsTheFaultsThatItDoesNotLog() {
    sink.answers(
        batch -> {
          throw new IllegalStateException("broken");
        });
    acceptFull("1");
    try (LoggedLines log = new LoggedLines(Sender.class)) {
      // Faults at 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 and 61.5 s.
      time.run(delivery, Duration.ofSeconds(62));
      assertThat(log.lines())
          .filteredOn(line -> line.contains("failed without an outcome"))
          .containsExactly(
              "WARN Sink fake failed without an outcome (0 more since); its batch is retried",
              "WARN Sink fake failed without an outcome (6 more since); its batch is retried");
    }
  }

  /** A sink that returns given stages. */
  private record AnsweringSink(Supplier<CompletionStage<SendOutcome>> answers)
      implements ProfileSink {
    @Override
    public String name() {
      return "answering";
    }

    @Override
    public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
      return answers.get();
    }

    @Override
    public void close() {}
  }
}
