package dev.psc.jvm;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sink of a store's settings. While a file of the settings is missing, such as the token file,
 * each batch is another attempt to create the real sink. Thread-safe.
 */
final class StoreSink implements ProfileSink {

  private static final Logger logger = LoggerFactory.getLogger(StoreSink.class);

  private final SinkProvider provider;
  private final SinkSettings settings;
  private @Nullable ProfileSink sink;
  private @Nullable String problem;
  private boolean closed;

  private StoreSink(SinkProvider provider, SinkSettings settings) {
    this.provider = provider;
    this.settings = settings;
  }

  /**
   * Returns the sink of a store.
   *
   * @param strict whether everything that the settings refer to must be available now
   * @throws IllegalArgumentException if a setting is invalid
   * @throws IllegalStateException if strict and something is missing
   */
  static StoreSink open(SinkProvider provider, SinkSettings settings, boolean strict) {
    StoreSink store = new StoreSink(provider, settings);
    try {
      store.create();
    } catch (IllegalStateException e) {
      if (strict) {
        throw e;
      }
      logger.warn("Store cannot be used yet; keeping profiles queued: {}", e.getMessage());
    }
    return store;
  }

  private synchronized @Nullable ProfileSink create() {
    if (sink == null && !closed) {
      try {
        sink = provider.create(settings);
        problem = null;
      } catch (RuntimeException e) {
        problem = e.getMessage();
        throw e;
      }
    }
    return sink;
  }

  /** Returns the problem, if there is one. */
  synchronized Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  @Override
  public String name() {
    return "store";
  }

  @Override
  public CompletionStage<SendOutcome> send(List<RawProfile> batch) {
    ProfileSink to;
    try {
      to = create();
    } catch (IllegalStateException | IllegalArgumentException e) {
      return CompletableFuture.completedFuture(
          new SendOutcome.Retry("not_ready", String.valueOf(e.getMessage()), Optional.empty()));
    }
    return to == null
        ? CompletableFuture.completedFuture(
            new SendOutcome.Retry("closed", "the sink is closed", Optional.empty()))
        : to.send(batch);
  }

  @Override
  public void close() {
    ProfileSink created;
    synchronized (this) {
      closed = true;
      created = sink;
    }
    if (created != null) {
      created.close();
    }
  }
}
