package dev.psc.auth;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * How a token file does. Immutable, without secrets.
 *
 * @param path the file
 * @param fingerprint of the token in use
 * @param problem why the file was not usable when it was last read, so that the token in use is the
 *     last good one; empty while all is well
 * @param since when this became so
 */
public record TokenFileStatus(
    Path path, String fingerprint, Optional<String> problem, Instant since) {

  /** Returns whether the token in use is what the file holds. */
  public boolean current() {
    return problem.isEmpty();
  }
}
