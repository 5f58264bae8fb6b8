package dev.psc.auth.iam;

import io.grpc.Status;

/** Whether a call may be made. Immutable. */
public sealed interface AccessDecision {

  /**
   * It may.
   *
   * @param caller who makes it
   */
  record Granted(Caller caller) implements AccessDecision {}

  /**
   * It may not.
   *
   * @param code UNAUTHENTICATED, PERMISSION_DENIED or INVALID_ARGUMENT
   * @param message a message for the caller: the same for missing objects and those of other owners
   */
  record Refused(Status.Code code, String message) implements AccessDecision {}
}
