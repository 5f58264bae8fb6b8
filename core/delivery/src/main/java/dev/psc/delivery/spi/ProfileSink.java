package dev.psc.delivery.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A destination of batches of profiles, such as a gRPC store or a directory.
 *
 * <p>Implementations are safe for use by several threads. They return one outcome per batch and
 * classify every failure. The caller retries, batches and orders; it never inspects exceptions.
 */
public interface ProfileSink extends AutoCloseable {

  /** Returns a short stable name for metrics, logs and status, without secrets. */
  String name();

  /**
   * Sends a batch, atomically if the destination supports it.
   *
   * @param batch at least one profile; not changed by the sink nor, afterwards, by the caller
   * @return a stage that completes with the outcome within the deadline of the sink. A stage that
   *     completes exceptionally counts as {@link SendOutcome.Retry}, and its exception is reported
   *     as a fault of the sink.
   */
  CompletionStage<SendOutcome> send(List<RawProfile> batch);

  /** Closes connections and files within a bounded time; idempotent. */
  @Override
  void close();
}
