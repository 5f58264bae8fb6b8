package dev.psc.testkit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.testkit.TestProfiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A test suite for the contract of {@link ProfileSink}.
 *
 * <p>The subclass sets up a destination before each test and returns the profiles received there.
 */
@Timeout(120)
public abstract class ProfileSinkContract {

  private static final LabelSet SERIES = LabelSet.of("__name__", "process_cpu", "job", "contract");

  /** Called by subclasses. */
  protected ProfileSinkContract() {}

  /** Returns the open sink of the current test, with a working destination. */
  protected abstract ProfileSink sink();

  /** Returns the received profiles, in order per series; labels and bytes are compared. */
  protected abstract List<RawProfile> received();

  /** Makes the destination unusable, so that no batch arrives. */
  protected abstract void breakDestination();

  /** Returns the limit in seconds on the time of an answer or of closing; 40 by default. */
  protected long patienceSeconds() {
    return 40;
  }

  @Test
  final void deliversAWholeBatch() {
    List<RawProfile> batch = batch("a", 3);

    assertThat(send(batch)).isEqualTo(new SendOutcome.Accepted());

    assertThat(contents(received())).containsExactlyInAnyOrderElementsOf(contents(batch));
  }

  @Test
  final void deliversSeveralSeriesInOneBatch() {
    List<RawProfile> batch = new ArrayList<>(batch("a", 2));
    batch.addAll(batch("b", 2));
    batch.add(RawProfile.of(SERIES.with("id", "a"), TestProfiles.cpu("last")));

    assertThat(send(batch)).isEqualTo(new SendOutcome.Accepted());

    assertThat(contents(received())).containsExactlyInAnyOrderElementsOf(contents(batch));
  }

  @Test
  final void keepsTheOrderOfASeries() {
    List<RawProfile> batch = batch("a", 5);

    assertThat(send(batch)).isEqualTo(new SendOutcome.Accepted());

    assertThat(contents(received())).containsExactlyElementsOf(contents(batch));
  }

  @Test
  final void leavesBatchAndBytesAsTheyAre() {
    List<RawProfile> batch = List.copyOf(batch("a", 2));
    List<byte[]> before = batch.stream().map(profile -> profile.pprof().clone()).toList();

    assertThat(send(batch)).isEqualTo(new SendOutcome.Accepted());

    for (int i = 0; i < batch.size(); i++) {
      assertThat(batch.get(i).pprof()).isEqualTo(before.get(i));
    }
  }

  @Test
  final void takesBatchesOfSeveralThreads() {
    List<CompletableFuture<SendOutcome>> answers = new ArrayList<>();
    ProfileSink sink = sink();
    for (int i = 0; i < 16; i++) {
      List<RawProfile> batch = batch("thread-" + i, 2);
      answers.add(
          CompletableFuture.supplyAsync(() -> sink.send(batch)).thenCompose(stage -> stage));
    }

    for (CompletableFuture<SendOutcome> answer : answers) {
      assertThat(get(answer)).isEqualTo(new SendOutcome.Accepted());
    }
    assertThat(received()).hasSize(32);
  }

  @Test
  final void answersInTimeWhenTheDestinationIsUnusable() {
    breakDestination();

    SendOutcome outcome = send(batch("a", 1));

    assertThat(outcome).isInstanceOfAny(SendOutcome.Retry.class, SendOutcome.Blocked.class);
    if (outcome instanceof SendOutcome.Retry retry) {
      assertSays(retry.reason(), retry.message());
    } else if (outcome instanceof SendOutcome.Blocked blocked) {
      assertSays(blocked.reason(), blocked.message());
    }
  }

  @Test
  final void hasAStableName() {
    ProfileSink sink = sink();

    assertThat(sink.name()).isNotBlank().isEqualTo(sink.name());
  }

  @Test
  final void closesTwiceWithinBounds() {
    ProfileSink sink = sink();
    assertThat(send(batch("a", 1))).isEqualTo(new SendOutcome.Accepted());
    long start = System.nanoTime();

    sink.close();
    sink.close();

    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start))
        .isLessThanOrEqualTo(patienceSeconds());
  }

  @Test
  final void closesWithABrokenDestination() {
    ProfileSink sink = sink();
    breakDestination();
    CompletableFuture<SendOutcome> underWay = sink.send(batch("a", 1)).toCompletableFuture();

    sink.close();

    assertThat(underWay)
        .as("a call under way is answered in time")
        .satisfies(stage -> assertAnswered(stage));
  }

  @Test
  final void refusesAnEmptyBatchOrTakesItWithoutEffect() {
    ProfileSink sink = sink();
    try {
      assertThat(get(sink.send(List.of()).toCompletableFuture()))
          .isEqualTo(new SendOutcome.Accepted());
    } catch (IllegalArgumentException e) {
      assertThatThrownBy(() -> sink.send(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(received()).isEmpty();
  }

  private static void assertSays(String reason, String message) {
    assertThat(reason).matches("[a-z0-9_]+").isEqualTo(reason.toLowerCase(Locale.ROOT));
    assertThat(message).isNotBlank().hasSizeLessThanOrEqualTo(512);
  }

  private void assertAnswered(CompletableFuture<? extends SendOutcome> stage) {
    try {
      assertThat(stage.get(patienceSeconds(), TimeUnit.SECONDS))
          .isNotEqualTo(new SendOutcome.Accepted());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } catch (TimeoutException e) {
      throw new AssertionError("no answer in " + patienceSeconds() + " s", e);
    } catch (ExecutionException e) {
      // Allowed: it counts as a retry.
      assertThat(e.getCause()).isNotNull();
    }
  }

  private SendOutcome send(List<RawProfile> batch) {
    return get(sink().send(batch).toCompletableFuture());
  }

  private SendOutcome get(CompletableFuture<SendOutcome> answer) {
    return answer.orTimeout(patienceSeconds(), TimeUnit.SECONDS).join();
  }

  private static List<RawProfile> batch(String id, int size) {
    List<RawProfile> batch = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      batch.add(RawProfile.of(SERIES.with("id", id), TestProfiles.cpu(id + "_" + i)));
    }
    return batch;
  }

  private static List<String> contents(List<RawProfile> profiles) {
    return profiles.stream()
        .map(profile -> profile.labels() + " " + Arrays.hashCode(profile.pprof()))
        .toList();
  }
}
