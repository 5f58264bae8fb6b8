package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import io.grpc.Status;
import java.time.Instant;
import java.util.Optional;

/** An event for an audit log. Immutable, without secrets. */
public sealed interface AuditEvent {

  /** Returns the time of the event. */
  Instant time();

  /**
   * A call was permitted or refused.
   *
   * @param time the time of the decision
   * @param method the full gRPC method
   * @param outcome OK, or the code of the refusal
   * @param caller the caller, if the call was permitted
   * @param tokenFingerprint the fingerprint of the token, if the call had a well-formed one
   * @param project the requested project, if its id was well-formed
   */
  record Call(
      Instant time,
      String method,
      Status.Code outcome,
      Optional<Caller> caller,
      Optional<String> tokenFingerprint,
      Optional<ProjectId> project)
      implements AuditEvent {}

  /**
   * The access model was changed.
   *
   * @param time the time of the change
   * @param organization the name of the changed organization
   * @param what a description, for example "created service account production-scraper"
   */
  record Change(Instant time, String organization, String what) implements AuditEvent {}
}
