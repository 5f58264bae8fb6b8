package dev.psc.auth;

import io.grpc.Status;

/**
 * The cause of a status that was created on the client before the call was sent. It keeps the
 * status, since gRPC converts some codes of credentials to INTERNAL.
 */
final class ClientSideRefusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  private ClientSideRefusal(Status.Code code, String message) {
    super(message, null, false, false);
    this.code = code;
  }

  static Status status(Status.Code code, String message) {
    return new ClientSideRefusal(code, message).status();
  }

  Status status() {
    return code.toStatus().withDescription(getMessage()).withCause(this);
  }
}
