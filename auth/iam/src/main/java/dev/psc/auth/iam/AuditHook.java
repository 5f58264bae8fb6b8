package dev.psc.auth.iam;

/** A hook for calls and changes. Implementations are thread-safe and do not block for long. */
@FunctionalInterface
public interface AuditHook {

  /** Called after each event. Exceptions are logged and change nothing. */
  void onEvent(AuditEvent event);
}
