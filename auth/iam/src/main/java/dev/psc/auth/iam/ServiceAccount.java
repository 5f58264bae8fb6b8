package dev.psc.auth.iam;

import java.time.Instant;

/**
 * A named identity of an organization that programs use.
 *
 * @param id unique
 * @param name unique in the organization
 * @param created when
 */
public record ServiceAccount(String id, String name, Instant created) {}
