package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import java.util.Optional;

/**
 * An assignment of a role to a subject.
 *
 * @param id the unique id
 * @param subject the user or service account
 * @param role the name of the role
 * @param project the project of the scope; the whole organization if empty
 */
public record RoleBinding(String id, Subject subject, String role, Optional<ProjectId> project) {}
