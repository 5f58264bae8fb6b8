package dev.psc.auth.iam;

import io.grpc.Status;

/** The decision about a call. Immutable. */
sealed interface AccessDecision {

  /**
   * The call is permitted.
   *
   * @param caller the authenticated caller
   */
  record Granted(Caller caller) implements AccessDecision {}

  /**
   * The call is refused.
   *
   * @param code UNAUTHENTICATED, PERMISSION_DENIED or INVALID_ARGUMENT
   * @param message a message for the caller; the same for missing objects and those of other
   *     organizations
   */
  record Refused(Status.Code code, String message) implements AccessDecision {}
}
