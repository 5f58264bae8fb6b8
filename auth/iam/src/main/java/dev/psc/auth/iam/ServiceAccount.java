package dev.psc.auth.iam;

import java.time.Instant;

/**
 * An identity for programs in an organization.
 *
 * @param id the unique id
 * @param name the name, unique in the organization
 * @param created the time of creation
 */
public record ServiceAccount(String id, String name, Instant created) {}
