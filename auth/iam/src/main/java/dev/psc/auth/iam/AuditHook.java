package dev.psc.auth.iam;

/** Hears of calls and changes. Called by several threads at once; must not block for long. */
@FunctionalInterface
public interface AuditHook {

  /** Takes an event, after the fact. What it throws is logged and changes nothing. */
  void onEvent(AuditEvent event);
}
