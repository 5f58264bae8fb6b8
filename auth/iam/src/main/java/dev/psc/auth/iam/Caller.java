package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import java.util.Optional;

/**
 * Who makes a call that was let through, and for which project.
 *
 * @param organization its name
 * @param serviceAccount the account of the token; empty for a project token of the older scheme
 * @param project where the call may act
 * @param tokenFingerprint as in {@link TokenInfo}
 */
public record Caller(
    String organization,
    Optional<ServiceAccount> serviceAccount,
    ProjectId project,
    String tokenFingerprint) {}
