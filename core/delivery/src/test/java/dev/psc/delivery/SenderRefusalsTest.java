package dev.psc.delivery;

import static dev.psc.delivery.Profiles.profile;
import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.internal.send.Sender;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.status.DeliveryEvent;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests refusals: their cause, the number until a decision, and dropped and kept profiles. */
class SenderRefusalsTest {

  private static final SendOutcome ACCEPTED = new SendOutcome.Accepted();
  private static final Duration PROBE_REST = Duration.ofMillis(37_500);
  private static final String WORDS = "invalid_argument: function id is not sequential";

  @TempDir private Path temporary;
  private final FakeTicker time = new FakeTicker();
  private final FakeSink sink = new FakeSink();
  private final List<DeliveryEvent> events = new ArrayList<>();
  private Delivery delivery = make(builder -> builder);

  /** One call at a time, so that the order of calls is the order of decisions. */
  private Delivery make(UnaryOperator<DeliveryBuilder> settings) {
    DeliveryBuilder builder =
        Delivery.builder(sink)
            .ticker(time)
            .random(() -> 1.0)
            .manual()
            .listener(events::add)
            .callsInFlight(1);
    return settings.apply(builder).build();
  }

  @AfterEach
  void countersAddUp() {
    DeliverySnapshot s = delivery.snapshot();
    assertThat(s.accepted()).isEqualTo(s.sent() + s.droppedTotal() + s.queued());
  }

  private void accept(String series, String... ids) {
    for (String id : ids) {
      delivery.accept(profile(series, id));
    }
  }

  /** Accepts profiles with the ids 0, 1, 2…, each of another series. */
  private void acceptNumbered(int profiles) {
    for (int i = 0; i < profiles; i++) {
      accept("s" + i, "" + i);
    }
  }

  private void refuses(Predicate<String> bad) {
    sink.answers(
        batch -> batch.stream().map(Profiles::id).anyMatch(bad) ? FakeSink.rejected() : ACCEPTED);
  }

  private void refusesAs(String reason) {
    sink.answers(new SendOutcome.Rejected(reason, "too much"));
  }

  private void run(Duration duration) {
    time.run(delivery, duration);
  }

  /** Advances the time until the waiting batch is due, and runs the due actions. */
  private void send() {
    run(Duration.ofSeconds(1));
  }

  private List<List<String>> sent() {
    return sink.calls().stream().map(FakeSink.Call::ids).toList();
  }

  private List<Integer> sizes() {
    return sent().stream().map(List::size).toList();
  }

  private Map<String, Long> dropped() {
    return delivery.snapshot().dropped();
  }

  private static DeliveryEvent droppedEvent(String series, String id) {
    RawProfile profile = profile(series, id);
    return new DeliveryEvent.Dropped(
        1,
        profile.sizeBytes(),
        "invalid_argument",
        "refused by the sink: " + profile + ": function id is not sequential");
  }

  // ---- a profile is to blame

  @Test
  void halvesARefusedBatchUntilTheBadOneIsAloneAndTellsOfIt() {
    refuses("2"::equals);
    acceptNumbered(4);
    send();
    assertThat(sent())
        .containsExactly(
            List.of("0", "1", "2", "3"),
            List.of("0", "1"),
            List.of("2", "3"),
            List.of("2"),
            List.of("3"));
    assertThat(events)
        .containsExactly(
            new DeliveryEvent.Sent(2, 4, Duration.ZERO),
            droppedEvent("s2", "2"),
            new DeliveryEvent.Sent(1, 2, Duration.ZERO));
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.calls()).isEqualTo(5);
    assertThat(snapshot.sent()).isEqualTo(3);
    assertThat(snapshot.retried()).as("a refusal is not a retry").isZero();
    assertThat(snapshot.lastError()).isEqualTo(WORDS);
    assertThat(snapshot.state()).isEqualTo(DeliveryState.SENDING);
    assertThat(snapshot.queued()).isZero();
  }

  @Test
  void keepsAProfileThatWasRefusedAloneUntilAnotherIsTaken() {
    refuses("bad"::equals);
    accept("a", "bad");
    send();
    run(Duration.ofHours(1));
    assertThat(sent()).containsExactly(List.of("bad"));
    assertThat(delivery.snapshot().queued()).isEqualTo(1);
    assertThat(events).isEmpty();

    accept("b", "good");
    send();
    assertThat(events)
        .containsExactly(new DeliveryEvent.Sent(1, 5, Duration.ZERO), droppedEvent("a", "bad"));
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 1L));
  }

  @Test
  void whatWasTakenBeforeABatchProvesNothingForIt() {
    refuses("bad"::equals);
    accept("b", "good");
    send();
    accept("a", "bad");
    send();
    assertThat(dropped()).isEmpty();
    assertThat(delivery.snapshot().queued()).isEqualTo(1);
  }

  /** The second half starts with a bad profile; its refusal alone is the eighth in a row. */
  @Test
  void dropsImmediatelyBeforeTheEighthRefusalInARowAndThenWaitsForAnotherToBeTaken() {
    refuses("64"::equals);
    acceptNumbered(128);
    send();
    assertThat(sizes()).containsExactly(128, 64, 64, 32, 16, 8, 4, 2, 1, 1, 2, 4, 8, 16, 32);
    int dropped = events.indexOf(droppedEvent("s64", "64"));
    assertThat(events.subList(0, dropped)).as("the first half").hasSize(1);

    events.clear();
    refuses("128"::equals);
    acceptNumbered(256);
    send();
    dropped = events.indexOf(droppedEvent("s128", "128"));
    assertThat(events.subList(0, dropped)).as("the first half and the neighbour").hasSize(2);
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 2L));
  }

  @Test
  void triesAnotherSeriesAfterEveryEighthRefusalInARow() {
    delivery = make(builder -> builder.batchMaxBytes(5000).random(() -> 0.0));
    refuses(id -> id.startsWith("bad"));
    for (int i = 0; i < 16; i++) {
      delivery.accept(profile("bad" + i, "bad" + i, 200));
    }
    for (String id : List.of("bad other", "bad too", "good")) {
      delivery.accept(profile(id, id, 3000));
    }
    delivery.step();
    assertThat(sizes().subList(0, 8)).containsExactly(16, 8, 4, 2, 1, 1, 2, 1);
    assertThat(sent().get(8)).containsExactly("bad other");
    assertThat(sizes().subList(9, 16)).containsExactly(1, 4, 2, 1, 1, 2, 1);
    assertThat(sent().get(16)).containsExactly("bad too");
    assertThat(sizes().subList(17, 24)).containsExactly(1, 8, 4, 2, 1, 1, 2);
    assertThat(sent().get(24)).containsExactly("good");
    assertThat(delivery.snapshot().sent()).isEqualTo(1);
    // The last two of the first batch are the eighth and ninth refusal after that.
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 16L));
    assertThat(delivery.snapshot().queued()).isEqualTo(2);
  }

  @Test
  void aSeriesThatWasBadThreeTimesNeedsNoFurtherProof() {
    refuses(id -> id.startsWith("bad"));
    for (int i = 0; i < 3; i++) {
      accept("broken", "bad" + i);
      accept("fine", "good" + i);
      send();
    }
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 3L));
    events.clear();
    for (int i = 0; i < Sender.REFUSALS_UNTIL_REFUSING + 8; i++) {
      accept("broken", "bad again");
      send();
    }
    assertThat(events).hasSize(40).containsOnly(droppedEvent("broken", "bad again"));
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.SENDING);
    assertThat(delivery.snapshot().queued()).isZero();
  }

  @Test
  void aRefusalEndsTheBackingOff() {
    accept("a", "1");
    sink.answers(FakeSink.retry());
    send();
    sink.answers(FakeSink.rejected());
    run(Duration.ofMillis(500));
    assertThat(events)
        .filteredOn(event -> event instanceof DeliveryEvent.StateChanged)
        .containsExactly(
            new DeliveryEvent.StateChanged(
                DeliveryState.SENDING,
                DeliveryState.BACKING_OFF,
                "unavailable: connection refused"),
            new DeliveryEvent.StateChanged(DeliveryState.BACKING_OFF, DeliveryState.SENDING, ""));
    sink.answers(FakeSink.retry());
    accept("b", "2");
    time.advance(Duration.ofSeconds(1));
    assertThat(delivery.step()).as("a first failure").isEqualTo(500_000_000);
  }

  // ---- too large

  @Test
  void whatIsTooLargeIsNobodysFaultButItsOwn() {
    refusesAs(SendOutcome.Rejected.TOO_LARGE);
    for (int i = 0; i < Sender.REFUSALS_UNTIL_REFUSING + 8; i++) {
      accept("a", "" + i);
    }
    send();
    assertThat(dropped()).isEqualTo(Map.of("too_large", 40L));
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.SENDING);
    assertThat(events)
        .hasSize(40)
        .allMatch(event -> event instanceof DeliveryEvent.Dropped d && d.profiles() == 1);

    // Nor is its series to blame: its next profiles are sent with others.
    sink.answers(ACCEPTED);
    accept("b", "of b");
    accept("a", "of a");
    send();
    assertThat(sink.lastCall().ids()).containsExactly("of b", "of a");
  }

  @Test
  void whatIsTooLargeIsDroppedWithItsOwnReasonAlsoFromASeriesThatIsKnownToBeBad() {
    refuses(id -> id.startsWith("bad"));
    for (int i = 0; i < 3; i++) {
      accept("broken", "bad" + i);
      accept("fine", "good" + i);
      send();
    }
    refusesAs(SendOutcome.Rejected.TOO_LARGE);
    accept("broken", "large");
    send();
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 3L, "too_large", 1L));
  }

  // ---- the sink is to blame

  @Test
  void takesTheSinkForTheProblemAtThe32ndRefusalInARowAndLosesNothing() {
    sink.answers(FakeSink.rejected());
    // All of them are in parts of the first batch, or suspect, when it is taken for the problem.
    String[] ids = IntStream.range(0, 20).mapToObj(Integer::toString).toArray(String[]::new);
    accept("a", ids);
    try (LoggedLines log = new LoggedLines(Sender.class)) {
      time.advance(Duration.ofSeconds(1));
      assertThat(Duration.ofNanos(delivery.step())).isEqualTo(PROBE_REST);
      String message =
          "the last 32 requests were all rejected, which indicates a fault of the sink; profiles"
              + " are kept and one is tried per probe interval. Last response: "
              + WORDS;
      assertThat(sink.calls()).hasSize(32);
      assertThat(events)
          .containsExactly(
              new DeliveryEvent.StateChanged(
                  DeliveryState.SENDING, DeliveryState.REFUSING, message));
      assertThat(delivery.snapshot().stateMessage()).isEqualTo(message);
      assertThat(log.lines())
          .containsExactly("WARN Sink fake is REFUSING: " + message + " (0 more since)");
    }
    run(PROBE_REST.minusNanos(1));
    assertThat(sink.calls()).hasSize(32);
    run(Duration.ofNanos(1));
    assertThat(sink.calls()).as("one is tried").hasSize(33);
    assertThat(sink.lastCall().ids()).containsExactly("0");
    run(PROBE_REST.minusNanos(1));
    assertThat(sink.calls()).hasSize(33);
    assertThat(dropped()).isEmpty();

    sink.answers(ACCEPTED);
    run(Duration.ofMinutes(2));
    assertThat(sink.received()).containsExactly(ids);
    assertThat(delivery.snapshot().retried()).isZero();
    assertThat(events)
        .contains(
            new DeliveryEvent.StateChanged(DeliveryState.REFUSING, DeliveryState.SENDING, ""));
  }

  @Test
  void isNotRefusingAfter31RefusalsInARow() {
    sink.answers(FakeSink.rejected());
    // A batch of n and its parts down to single ones are 2n - 1 calls.
    acceptNumbered(16);
    send();
    assertThat(sink.calls()).hasSize(31);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.SENDING);
    accept("last", "last");
    send();
    assertThat(sink.calls()).hasSize(32);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.REFUSING);
    assertThat(delivery.snapshot().queued()).isEqualTo(17);
  }

  @Test
  void countsRefusalsAnewAfterOneIsTaken() {
    refuses(id -> !id.equals("good"));
    acceptNumbered(16);
    send();
    accept("good", "good");
    send();
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 16L));
    for (int i = 100; i < 116; i++) {
      accept("s" + i, "" + i);
    }
    send();
    assertThat(sink.calls()).hasSize(31 + 1 + 31);
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.SENDING);
  }

  @Test
  void staysRefusingWhenAProbeIsNotAnswered() {
    sink.answers(FakeSink.rejected());
    acceptNumbered(20);
    send();
    int calls = sink.calls().size();
    events.clear();
    sink.answers(FakeSink.retry());
    run(PROBE_REST);
    assertThat(sink.calls()).hasSize(calls + 1);
    assertThat(events)
        .containsExactly(
            new DeliveryEvent.Retrying(
                1, "unavailable", "connection refused", Duration.ofMillis(500)));
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.REFUSING);
    run(Duration.ofMillis(500));
    assertThat(sink.calls()).hasSize(calls + 2);
    assertThat(sizes().subList(calls, calls + 2)).containsOnly(1);
  }

  @Test
  void makesOneCallAtATimeWhileTheSinkRefuses() {
    delivery = make(builder -> builder.callsInFlight(4).batchMaxBytes(1024));
    sink.answers(FakeSink.rejected());
    for (int i = 0; i < 50; i++) {
      delivery.accept(profile("s" + i, "" + i, 1024));
    }
    delivery.step();
    assertThat(delivery.snapshot().state()).isEqualTo(DeliveryState.REFUSING);
    sink.holds(true);
    run(PROBE_REST);
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(1);
    sink.answer(sink.lastCall(), ACCEPTED);
    delivery.step();
    assertThat(delivery.snapshot().callsInFlight()).isEqualTo(4);
  }

  // ---- what is kept and logged of what is dropped

  @Test
  void saysOnceWhatIsRefusedAndCountsTheRest() {
    refuses(id -> id.startsWith("bad"));
    try (LoggedLines log = new LoggedLines(Sender.class)) {
      accept("a", "bad");
      send();
      accept("b", "bad");
      send();
      accept("c", "bad");
      send();
      accept("d", "good");
      send();
      RawProfile first = profile("a", "bad");
      assertThat(log.lines())
          .containsExactly(
              "WARN Sink fake rejected "
                  + first
                  + ", which is dropped: function id is not sequential (2 more since)");
      accept("e", "bad");
      accept("f", "good");
      send();
      assertThat(log.lines()).as("at most one a minute").hasSize(1);
      run(Duration.ofMinutes(1));
      accept("g", "bad");
      accept("h", "good");
      send();
      assertThat(log.lines().get(1))
          .isEqualTo(
              "WARN Sink fake rejected "
                  + profile("g", "bad")
                  + ", which is dropped: function id is not sequential (1 more since)");
    }
  }

  @Test
  void keepsEachDroppedProfileAsADeadLetter() throws IOException {
    Path letters = temporary.resolve("letters");
    delivery = make(builder -> builder.deadLetters(letters));
    refuses(id -> id.startsWith("bad"));
    accept("a", "bad1");
    accept("b", "good");
    accept("c", "bad2");
    send();
    // From the fourth on it needs no proof, and is kept all the same.
    for (int i = 3; i <= 6; i++) {
      accept("c", "bad" + i);
      accept("b", "good");
      send();
    }
    assertThat(dropped()).isEqualTo(Map.of("invalid_argument", 6L));
    delivery.close(Duration.ofSeconds(10));
    try (Stream<Path> files = Files.walk(letters)) {
      assertThat(files.filter(file -> file.toString().endsWith(".reason.txt")).toList())
          .hasSize(6)
          .allSatisfy(file -> assertThat(Files.readString(file)).isEqualTo(WORDS + "\n"));
    }
  }
}
