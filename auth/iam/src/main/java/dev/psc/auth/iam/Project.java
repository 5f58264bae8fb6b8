package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;

/**
 * A project of an organization.
 *
 * @param id unique among all organizations
 * @param name unique in the organization
 */
public record Project(ProjectId id, String name) {}
