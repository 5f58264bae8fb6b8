package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import java.util.Optional;

/**
 * Gives a subject a role.
 *
 * @param id unique
 * @param subject who
 * @param role the role's name
 * @param project the only project where it counts; the whole organization if empty
 */
public record RoleBinding(String id, Subject subject, String role, Optional<ProjectId> project) {}
