package dev.psc.auth;

import io.grpc.Status;

/**
 * Marks a status that this side made before anything was sent: a server never saw the call. It
 * keeps the status, since gRPC turns some codes of credentials into INTERNAL on the way.
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
