package dev.psc.auth;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The status of a token file. Immutable, without secrets.
 *
 * @param path the file
 * @param fingerprint the fingerprint of the token in use
 * @param problem the reason why the file is unusable and the last good token stays in use; empty if
 *     the file is usable
 * @param since the time of the last change of this status
 */
public record TokenFileStatus(
    Path path, String fingerprint, Optional<String> problem, Instant since) {

  /** Returns whether the token in use is the content of the file. */
  public boolean current() {
    return problem.isEmpty();
  }
}
