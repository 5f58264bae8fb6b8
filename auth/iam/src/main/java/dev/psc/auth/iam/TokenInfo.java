package dev.psc.auth.iam;

import java.time.Instant;
import java.util.Optional;

/**
 * What is known of a token after it was shown: everything but the token.
 *
 * @param id unique
 * @param name unique among the tokens of its account or project
 * @param fingerprint the first 8 hex digits of its SHA-256, as in the client's logs
 * @param created when
 * @param lastUsed when a call last showed it, within a minute
 */
public record TokenInfo(
    String id, String name, String fingerprint, Instant created, Optional<Instant> lastUsed) {}
