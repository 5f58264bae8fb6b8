package dev.psc.scrape.cloud.internal.gce;

import com.google.gson.JsonObject;
import dev.psc.net.Pem;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Access tokens by Application Default Credentials: the key file of a service account, which signs
 * its tokens itself, or the metadata server of the machine. Not thread-safe.
 */
final class GoogleCredentials {

  /** Tokens are replaced this long before they expire. */
  private static final Duration MARGIN = Duration.ofMinutes(4);

  private static final Duration LIFETIME = Duration.ofHours(1);
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private final String name;
  private final ApiClient api;
  private final GoogleEnvironment environment;
  private final Clock clock;
  private final URI audience;
  private @Nullable Token current;

  /** A token and its end. */
  private record Token(Secret value, Instant expiry) {}

  GoogleCredentials(
      String name, ApiClient api, GoogleEnvironment environment, Clock clock, URI audience) {
    this.name = name;
    this.api = api;
    this.environment = environment;
    this.clock = clock;
    this.audience = audience;
  }

  /** Discards a token that was rejected. */
  void refused() {
    current = null;
  }

  Secret token() throws DiscoveryException, InterruptedException {
    Instant now = clock.instant();
    Token known = current;
    if (known == null || !now.isBefore(known.expiry.minus(MARGIN))) {
      Optional<Path> file = file();
      known = file.isPresent() ? ofFile(file.get(), now) : ofMetadataServer(now);
      current = known;
    }
    return known.value;
  }

  private Optional<Path> file() {
    Optional<String> given = environment.variable("GOOGLE_APPLICATION_CREDENTIALS");
    return given.isPresent()
        ? given.map(Path::of)
        : Optional.of(environment.wellKnownFile()).filter(Files::isRegularFile);
  }

  private Token ofFile(Path file, Instant now) throws DiscoveryException {
    Json key;
    try {
      key = Json.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new DiscoveryException(
          name + ": cannot read " + file + ": " + e.getClass().getSimpleName(), e);
    } catch (MalformedAnswerException e) {
      throw new DiscoveryException(name + ": credentials file " + file + ": " + e.getMessage(), e);
    }
    String type = key.get("type").text();
    if (!type.equals("service_account")) {
      throw new DiscoveryException(
          name
              + ": credentials of type \""
              + type
              + "\" in "
              + file
              + " are not supported; use the key of a service account, or the metadata server");
    }
    try {
      String jwt = signed(key, now);
      return new Token(Secret.of(jwt), now.plus(LIFETIME));
    } catch (GeneralSecurityException e) {
      throw new DiscoveryException(
          name + ": the private_key in " + file + " cannot be used: " + e.getMessage(), e);
    }
  }

  /** Returns a token that Google's APIs accept without an exchange for another. */
  private String signed(Json key, Instant now) throws GeneralSecurityException {
    JsonObject header = new JsonObject();
    header.addProperty("alg", "RS256");
    header.addProperty("typ", "JWT");
    header.addProperty("kid", key.get("private_key_id").text());
    String email = key.get("client_email").text();
    JsonObject claims = new JsonObject();
    claims.addProperty("iss", email);
    claims.addProperty("sub", email);
    claims.addProperty("aud", audience + "/");
    claims.addProperty("iat", now.getEpochSecond());
    claims.addProperty("exp", now.plus(LIFETIME).getEpochSecond());
    String content = base64(header) + "." + base64(claims);
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(Pem.privateKey(key.get("private_key").text(), "RSA"));
    signature.update(content.getBytes(StandardCharsets.US_ASCII));
    return content + "." + BASE64.encodeToString(signature.sign());
  }

  private static String base64(JsonObject object) {
    return BASE64.encodeToString(object.toString().getBytes(StandardCharsets.UTF_8));
  }

  private Token ofMetadataServer(Instant now) throws DiscoveryException, InterruptedException {
    String host = environment.variable("GCE_METADATA_HOST").orElse("metadata.google.internal");
    URI uri =
        URI.create(
            "http://" + host + "/computeMetadata/v1/instance/service-accounts/default/token");
    Json answer;
    try {
      answer =
          api.json(
              uri,
              HttpSettings.builder().followRedirects(false).build(),
              Map.of("Metadata-Flavor", "Google"));
    } catch (DiscoveryException e) {
      throw new DiscoveryException(
          e.getMessage()
              + "; outside of Google Cloud, set GOOGLE_APPLICATION_CREDENTIALS to the key file of"
              + " a service account",
          e);
    }
    String token = answer.get("access_token").text();
    if (token.isEmpty()) {
      throw new DiscoveryException(name + ": the metadata server returned no token");
    }
    return new Token(Secret.of(token), now.plusSeconds(answer.get("expires_in").number()));
  }
}
