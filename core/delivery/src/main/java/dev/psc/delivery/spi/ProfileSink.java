package dev.psc.delivery.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Where batches of profiles end: a gRPC store, a directory, several of them, or one of your own.
 *
 * <p>Implementations are safe for use by several threads. They answer per batch, classify every
 * failure themselves (who retries never looks at exceptions) and leave retrying, batching and
 * ordering to the caller.
 */
public interface ProfileSink extends AutoCloseable {

  /** Returns a short stable name for metrics, logs and status, without secrets. */
  String name();

  /**
   * Sends a batch, all or nothing as far as the destination allows it.
   *
   * @param batch at least one profile; not changed by the sink nor, afterwards, by the caller
   * @return completes with the outcome within the sink's own deadline. A stage that completes
   *     exceptionally counts as {@link SendOutcome.Retry}, and its exception is reported as a fault
   *     of the sink.
   */
  CompletionStage<SendOutcome> send(List<RawProfile> batch);

  /** Lets go of connections and files within a bounded time; idempotent. */
  @Override
  void close();
}
