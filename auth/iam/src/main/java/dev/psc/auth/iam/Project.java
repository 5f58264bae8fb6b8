package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;

/**
 * A project of an organization.
 *
 * @param id the id, unique in the model
 * @param name the name, unique in the organization
 */
public record Project(ProjectId id, String name) {}
