package dev.psc.auth.iam;

import java.time.Instant;
import java.util.Optional;

/**
 * The stored facts about a token, without its secret.
 *
 * @param id the unique id
 * @param name the name, unique among the tokens of its account or project
 * @param fingerprint the first 8 hex digits of its SHA-256, as in the client's logs
 * @param created the time of creation
 * @param lastUsed the time of the last call with the token, within a minute; empty if never used
 */
public record TokenInfo(
    String id, String name, String fingerprint, Instant created, Optional<Instant> lastUsed) {}
