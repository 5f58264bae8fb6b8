package dev.psc.otlp;

import dev.psc.delivery.spi.SendOutcome;
import java.util.concurrent.CompletionStage;

/** A way to a receiver of OTLP. Thread-safe. */
interface OtlpTransport extends AutoCloseable {

  /**
   * Sends a request.
   *
   * @param request an {@code ExportProfilesServiceRequest}
   * @param accepted called with the response, an {@code ExportProfilesServiceResponse}, before the
   *     outcome is {@link SendOutcome.Accepted}
   */
  CompletionStage<SendOutcome> send(byte[] request, ResponseListener accepted);

  @Override
  void close();

  /** A listener for responses. */
  interface ResponseListener {

    void accepted(byte[] response);
  }
}
