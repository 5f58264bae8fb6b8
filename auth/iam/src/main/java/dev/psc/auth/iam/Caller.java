package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import java.util.Optional;

/**
 * The caller and the project of a permitted call.
 *
 * @param organization the name of the caller's organization
 * @param serviceAccount the account of the token; empty for a project token of the older scheme
 * @param project the project of the call
 * @param tokenFingerprint as in {@link TokenInfo}
 */
public record Caller(
    String organization,
    Optional<ServiceAccount> serviceAccount,
    ProjectId project,
    String tokenFingerprint) {}
