package dev.psc.delivery;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** A sink that keeps its batches and returns scripted answers. */
final class FakeSink implements ProfileSink {

  record Call(List<RawProfile> batch, CompletableFuture<SendOutcome> answer) {
    List<String> ids() {
      return batch.stream().map(Profiles::id).toList();
    }
  }

  private final List<Call> calls = new ArrayList<>();
  private final List<String> received = new ArrayList<>();
  private Function<List<RawProfile>, SendOutcome> answers = batch -> new SendOutcome.Accepted();
  private boolean holds;
  private int closed;

  synchronized FakeSink answers(Function<List<RawProfile>, SendOutcome> answers) {
    this.answers = answers;
    return this;
  }

  synchronized FakeSink answers(SendOutcome outcome) {
    return answers(batch -> outcome);
  }

  /** Leaves every call open until the test answers it. */
  synchronized FakeSink holds(boolean holds) {
    this.holds = holds;
    return this;
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public synchronized CompletionStage<SendOutcome> send(List<RawProfile> batch) {
    Call call = new Call(batch, new CompletableFuture<>());
    calls.add(call);
    if (!holds) {
      answer(call, answers.apply(batch));
    }
    return call.answer;
  }

  synchronized void answer(Call call, SendOutcome outcome) {
    if (outcome instanceof SendOutcome.Accepted) {
      received.addAll(call.ids());
    }
    call.answer.complete(outcome);
  }

  synchronized List<Call> calls() {
    return List.copyOf(calls);
  }

  synchronized Call lastCall() {
    return calls.get(calls.size() - 1);
  }

  /** Returns the ids of accepted profiles, in order. */
  synchronized List<String> received() {
    return List.copyOf(received);
  }

  @Override
  public synchronized void close() {
    closed++;
  }

  synchronized int closed() {
    return closed;
  }

  static SendOutcome retry() {
    return new SendOutcome.Retry("unavailable", "connection refused", Optional.empty());
  }

  static SendOutcome retry(Duration delay) {
    return new SendOutcome.Retry("resource_exhausted", "slow down", Optional.of(delay));
  }

  static SendOutcome rejected() {
    return new SendOutcome.Rejected("invalid_argument", "function id is not sequential");
  }

  static SendOutcome blocked() {
    return new SendOutcome.Blocked("unauthenticated", "check the token file");
  }
}
