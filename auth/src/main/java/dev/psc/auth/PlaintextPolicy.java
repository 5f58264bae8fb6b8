package dev.psc.auth;

/** A policy for sending a token on a channel without TLS. */
enum PlaintextPolicy {
  REFUSE,
  LOOPBACK,
  ALLOW
}
