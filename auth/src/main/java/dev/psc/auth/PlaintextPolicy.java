package dev.psc.auth;

/** Whether a token may travel on a channel without TLS. */
enum PlaintextPolicy {
  REFUSE,
  LOOPBACK,
  ALLOW
}
