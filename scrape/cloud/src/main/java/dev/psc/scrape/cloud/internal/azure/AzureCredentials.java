package dev.psc.scrape.cloud.internal.azure;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The settings of requests to the resource manager, with a token. Not thread-safe. */
final class AzureCredentials {

  /** Tokens of managed identities are replaced this long before they expire. */
  private static final Duration MARGIN = Duration.ofMinutes(5);

  private final AzureSettings settings;
  private final ApiClient api;
  private final Map<String, String> variables;
  private final Clock clock;
  private @Nullable HttpSettings managed;
  private Instant managedExpiry = Instant.MIN;

  AzureCredentials(
      AzureSettings settings, ApiClient api, Map<String, String> variables, Clock clock) {
    this.settings = settings;
    this.api = api;
    this.variables = variables;
    this.clock = clock;
  }

  /** Discards a token that was rejected. */
  void refused() {
    managed = null;
  }

  HttpSettings http() throws DiscoveryException, InterruptedException {
    AzureSettings.Client client = settings.client();
    return switch (settings.authentication()) {
      case OAUTH -> ofSecret(client.tenant(), client.id(), client.secret().orElse(Secret.of("")));
      case WORKLOAD_IDENTITY -> ofWorkload();
      case MANAGED_IDENTITY -> ofManagedIdentity(client.id());
      case SDK -> ofEnvironment();
    };
  }

  private Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  /** Returns the first that the environment has, in the order of Azure's libraries. */
  private HttpSettings ofEnvironment() throws DiscoveryException, InterruptedException {
    Optional<String> tenant =
        settings.client().tenant().isEmpty()
            ? variable("AZURE_TENANT_ID")
            : Optional.of(settings.client().tenant());
    Optional<String> id = variable("AZURE_CLIENT_ID");
    Optional<String> secret = variable("AZURE_CLIENT_SECRET");
    if (tenant.isPresent() && id.isPresent() && secret.isPresent()) {
      return ofSecret(tenant.get(), id.get(), Secret.of(secret.get()));
    }
    return variable("AZURE_FEDERATED_TOKEN_FILE").isPresent()
        ? ofWorkload()
        : ofManagedIdentity(id.orElse(""));
  }

  private HttpSettings ofSecret(String tenant, String id, Secret secret) {
    return ofOAuth2(tenant, id, SecretSource.of(secret), Map.of());
  }

  private HttpSettings ofOAuth2(
      String tenant, String id, SecretSource secret, Map<String, String> parameters) {
    URI login =
        URI.create(
            settings.cloud().login() + "/" + ApiClient.encoded(tenant) + "/oauth2/v2.0/token");
    HttpSettings http = settings.http();
    return http.toBuilder()
        .credentials(
            new Credentials.OAuth2(
                id,
                secret,
                login,
                List.of(settings.cloud().audience() + "/.default"),
                parameters,
                http.tls(),
                http.proxy()))
        .build();
  }

  /** Returns settings with the token of a pod, which Entra ID takes in the place of a secret. */
  private HttpSettings ofWorkload() throws DiscoveryException {
    Optional<String> file = variable("AZURE_FEDERATED_TOKEN_FILE");
    Optional<String> tenant = variable("AZURE_TENANT_ID");
    Optional<String> id = variable("AZURE_CLIENT_ID");
    if (file.isEmpty() || tenant.isEmpty() || id.isEmpty()) {
      throw new DiscoveryException(
          settings.name()
              + ": workload identity requires AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID and"
              + " AZURE_CLIENT_ID, which AKS sets for pods with the label"
              + " azure.workload.identity/use");
    }
    String token;
    try {
      token = Files.readString(Path.of(file.get())).strip();
    } catch (IOException e) {
      throw new DiscoveryException(
          settings.name()
              + ": cannot read the token "
              + file.get()
              + ": "
              + e.getClass().getSimpleName(),
          e);
    }
    return ofOAuth2(
        tenant.get(),
        id.get(),
        SecretSource.of(Secret.of("")),
        Map.of(
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion",
            token));
  }

  private HttpSettings ofManagedIdentity(String client)
      throws DiscoveryException, InterruptedException {
    HttpSettings known = managed;
    if (known != null && clock.instant().isBefore(managedExpiry.minus(MARGIN))) {
      return known;
    }
    Optional<String> endpoint = variable("IDENTITY_ENDPOINT");
    Optional<String> header = variable("IDENTITY_HEADER");
    boolean appService = endpoint.isPresent() && header.isPresent();
    StringBuilder url = new StringBuilder();
    url.append(
        appService
            ? endpoint.get() + "?api-version=2019-08-01"
            : settings.cloud().identity()
                + "/metadata/identity/oauth2/token?api-version=2018-02-01");
    url.append("&resource=").append(ApiClient.encoded(settings.cloud().audience() + "/"));
    if (!client.isEmpty()) {
      url.append("&client_id=").append(ApiClient.encoded(client));
    }
    // Without the proxy and the credentials of the configuration: the address is link-local.
    HttpSettings http = HttpSettings.builder().followRedirects(false).build();
    if (appService) {
      http = Settings.withHeader(http, "X-IDENTITY-HEADER", Secret.of(header.get()));
    }
    Json answer = api.json(URI.create(url.toString()), http, Map.of("Metadata", "true"));
    String token = answer.get("access_token").text();
    if (token.isEmpty()) {
      throw new DiscoveryException(settings.name() + ": the identity endpoint returned no token");
    }
    managedExpiry = Instant.ofEpochSecond(answer.get("expires_on").number());
    HttpSettings fresh = Settings.authorized(settings.http(), "Bearer", token);
    managed = fresh;
    return fresh;
  }
}
