package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import io.grpc.Status;
import java.time.Instant;
import java.util.Optional;

/** Something that an auditor wants to know. Immutable, without secrets. */
public sealed interface AuditEvent {

  /** Returns when it happened. */
  Instant time();

  /**
   * A call was let through or refused.
   *
   * @param time when
   * @param method the full gRPC method
   * @param outcome OK, or the code of the refusal
   * @param caller who, when the call was let through
   * @param tokenFingerprint of a token that was shown and had the form of one
   * @param project that was asked for, when it had the form of an id
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
   * @param time when
   * @param organization whose
   * @param what a sentence: "created service account production-scraper"
   */
  record Change(Instant time, String organization, String what) implements AuditEvent {}
}
