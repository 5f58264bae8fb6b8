package dev.psc.jvm;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store that is down. */
final class DeadSink implements ProfileSink {

  @Override
  public String name() {
    return "dead";
  }

  @Override
  public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
    return CompletableFuture.completedFuture(
        new SendOutcome.Retry("unavailable", "the store is down", Optional.empty()));
  }

  @Override
  public void close() {}
}
