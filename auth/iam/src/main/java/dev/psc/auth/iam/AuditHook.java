package dev.psc.auth.iam;

/** A hook for calls and changes. Must be thread-safe and must not block for long. */
@FunctionalInterface
public interface AuditHook {

  /** Takes an event, after the fact. What it throws is logged and changes nothing. */
  void onEvent(AuditEvent event);
}
