package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.settings.Secret;
import java.time.Instant;
import java.util.Optional;

/**
 * An access key with its secret.
 *
 * @param sessionToken of temporary credentials
 * @param expiry when temporary credentials end
 */
record AwsCredentials(
    String accessKey, Secret secretKey, Optional<Secret> sessionToken, Optional<Instant> expiry) {

  /** Returns credentials that do not expire. */
  static AwsCredentials of(String accessKey, String secretKey, String sessionToken) {
    return new AwsCredentials(
        accessKey,
        Secret.of(secretKey),
        sessionToken.isEmpty() ? Optional.empty() : Optional.of(Secret.of(sessionToken)),
        Optional.empty());
  }

  /** Returns these credentials with an end. */
  AwsCredentials until(Instant end) {
    return new AwsCredentials(accessKey, secretKey, sessionToken, Optional.of(end));
  }
}
