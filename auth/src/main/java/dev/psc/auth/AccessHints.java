package dev.psc.auth;

import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** Adds hints for a person to the status of a refused call. */
final class AccessHints {

  private AccessHints() {}

  /** Returns the status with a hint, if there is one; code and cause are unchanged. */
  static Status enrich(Status status, @Nullable BearerToken token, @Nullable ProjectId project) {
    if (status.getCause() instanceof ClientSideRefusal refusal) {
      return refusal.status();
    }
    return switch (status.getCode()) {
      case UNAUTHENTICATED -> with(status, unauthenticated(token));
      case PERMISSION_DENIED -> with(status, denied(token, project));
      default -> status;
    };
  }

  private static Status with(Status status, String hint) {
    String said = status.getDescription();
    return status.withDescription(said == null || said.isEmpty() ? hint : said + " — " + hint);
  }

  private static String unauthenticated(@Nullable BearerToken token) {
    if (token == null) {
      return "the store requires a token, but none was sent";
    }
    if (token instanceof JwtProjectToken) {
      return "the store does not accept the old project token #"
          + token.fingerprint()
          + ": it was revoked or has expired; create a service account, bind the role Profile Writer"
          + " to it, and use its token";
    }
    return "the store does not accept the token #"
        + token.fingerprint()
        + ": check that neither it nor its service account was deleted, and that it belongs to this"
        + " store";
  }

  private static String denied(@Nullable BearerToken token, @Nullable ProjectId project) {
    String caller =
        token == null ? "the caller" : "the service account of token #" + token.fingerprint();
    return "check that "
        + caller
        + " has a binding to a role that allows this call (to send profiles: Profile Writer), and"
        + (project == null
            ? " that its scope covers the project"
            : " that its scope covers project " + project);
  }
}
