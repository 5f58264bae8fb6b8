package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The places that have credentials, in the order of the SDKs of AWS, and the role that is assumed
 * with them. Temporary credentials are kept until shortly before they expire. Not thread-safe.
 */
final class CredentialChain {

  /** Credentials are replaced this long before they expire. */
  private static final Duration MARGIN = Duration.ofMinutes(5);

  private final Ec2Settings settings;
  private final DiscoveryContext context;
  private final AwsEnvironment environment;
  private final InstanceMetadata metadata;
  private final ApiClient api;
  private @Nullable AwsCredentials current;

  CredentialChain(Ec2Settings settings, DiscoveryContext context, AwsEnvironment environment) {
    this.settings = settings;
    this.context = context;
    this.environment = environment;
    this.metadata = new InstanceMetadata(environment, context.scheduler());
    this.api = ApiClient.polling("ec2_sd", context.http(), settings.refreshInterval());
  }

  /** Returns the region: that of the settings, the variables, the profile or the instance. */
  String region() throws DiscoveryException, InterruptedException {
    Optional<String> known =
        Optional.of(settings.region())
            .filter(region -> !region.isEmpty())
            .or(() -> environment.variable("AWS_REGION"))
            .or(() -> environment.variable("AWS_DEFAULT_REGION"));
    if (known.isPresent()) {
      return known.get();
    }
    String ofProfile = environment.profile(profile()).getOrDefault("region", "");
    if (!ofProfile.isEmpty()) {
      return ofProfile;
    }
    if (metadata.disabled()) {
      throw new DiscoveryException("ec2_sd: the region is not known; set region, or AWS_REGION");
    }
    return metadata.region();
  }

  private String profile() {
    return settings.profile().isEmpty()
        ? environment.variable("AWS_PROFILE").orElse("default")
        : settings.profile();
  }

  /** Discards credentials that AWS rejected. */
  void refused() {
    current = null;
  }

  /** Returns credentials that have not expired. */
  AwsCredentials get(String region) throws DiscoveryException, InterruptedException {
    Instant now = context.clock().instant();
    AwsCredentials known = current;
    if (known != null && known.expiry().map(end -> now.isBefore(end.minus(MARGIN))).orElse(true)) {
      return known;
    }
    AwsCredentials found = base(region);
    if (!settings.roleArn().isEmpty()) {
      found =
          new Sts(api, environment, settings.http(), region)
              .assume(found, settings.roleArn(), settings.externalId(), now);
    }
    current = found.expiry().isPresent() ? found : null;
    return found;
  }

  private AwsCredentials base(String region) throws DiscoveryException, InterruptedException {
    if (!settings.accessKey().isEmpty() && settings.secretKey().isPresent()) {
      return AwsCredentials.of(
          settings.accessKey(), settings.secretKey().map(Secret::reveal).orElse(""), "");
    }
    if (!settings.profile().isEmpty() || environment.variable("AWS_PROFILE").isPresent()) {
      return ofProfile(profile(), region, new HashSet<>());
    }
    Optional<String> key = environment.variable("AWS_ACCESS_KEY_ID");
    Optional<String> secret = environment.variable("AWS_SECRET_ACCESS_KEY");
    if (key.isPresent() && secret.isPresent()) {
      return AwsCredentials.of(
          key.get(), secret.get(), environment.variable("AWS_SESSION_TOKEN").orElse(""));
    }
    Optional<String> tokenFile = environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    Optional<String> role = environment.variable("AWS_ROLE_ARN");
    if (tokenFile.isPresent() && role.isPresent()) {
      return webIdentity(Path.of(tokenFile.get()), role.get(), region);
    }
    if (!environment.profile("default").isEmpty()
        && environment.profile("default").keySet().stream()
            .anyMatch(name -> name.startsWith("aws_access") || name.startsWith("role_arn"))) {
      return ofProfile("default", region, new HashSet<>());
    }
    Optional<URI> container = container();
    return container.isPresent()
        ? ofContainer(container.get())
        : temporary(instance(), "the instance metadata service");
  }

  private Json instance() throws DiscoveryException, InterruptedException {
    if (metadata.disabled()) {
      throw new DiscoveryException(
          "ec2_sd: no credentials; set access_key and secret_key, profile, or the AWS_* variables");
    }
    return metadata.credentials();
  }

  private AwsCredentials ofProfile(String name, String region, Set<String> seen)
      throws DiscoveryException, InterruptedException {
    Map<String, String> keys = environment.profile(name);
    if (keys.isEmpty()) {
      throw new DiscoveryException("ec2_sd: unknown profile " + name + " in the AWS files");
    }
    String role = keys.getOrDefault("role_arn", "");
    String tokenFile = keys.getOrDefault("web_identity_token_file", "");
    if (!role.isEmpty() && !tokenFile.isEmpty()) {
      return webIdentity(Path.of(tokenFile), role, region);
    }
    if (!role.isEmpty() && seen.add(name)) {
      AwsCredentials source = source(name, keys, region, seen);
      return new Sts(api, environment, settings.http(), region)
          .assume(source, role, keys.getOrDefault("external_id", ""), context.clock().instant());
    }
    String key = keys.getOrDefault("aws_access_key_id", "");
    String secret = keys.getOrDefault("aws_secret_access_key", "");
    if (key.isEmpty() || secret.isEmpty()) {
      throw new DiscoveryException(
          "ec2_sd: profile "
              + name
              + " has no aws_access_key_id and aws_secret_access_key, role_arn or"
              + " web_identity_token_file; sso and credential_process are not supported");
    }
    return AwsCredentials.of(key, secret, keys.getOrDefault("aws_session_token", ""));
  }

  private AwsCredentials source(
      String name, Map<String, String> keys, String region, Set<String> seen)
      throws DiscoveryException, InterruptedException {
    String source = keys.getOrDefault("source_profile", "");
    if (!source.isEmpty()) {
      return ofProfile(source, region, seen);
    }
    return switch (keys.getOrDefault("credential_source", "")) {
      case "Ec2InstanceMetadata" -> temporary(instance(), "the instance metadata service");
      case "EcsContainer" ->
          ofContainer(
              container()
                  .orElseThrow(
                      () ->
                          new DiscoveryException(
                              "ec2_sd: profile " + name + ": not in a container of ECS or EKS")));
      case "Environment" ->
          AwsCredentials.of(
              environment.variable("AWS_ACCESS_KEY_ID").orElse(""),
              environment.variable("AWS_SECRET_ACCESS_KEY").orElse(""),
              environment.variable("AWS_SESSION_TOKEN").orElse(""));
      default ->
          throw new DiscoveryException(
              "ec2_sd: profile "
                  + name
                  + " has a role_arn without source_profile or credential_source");
    };
  }

  private AwsCredentials webIdentity(Path file, String role, String region)
      throws DiscoveryException, InterruptedException {
    return new Sts(api, environment, settings.http(), region)
        .assumeWithWebIdentity(read(file), role, context.clock().instant());
  }

  private static String read(Path file) throws DiscoveryException {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new DiscoveryException(
          "ec2_sd: cannot read the token " + file + ": " + e.getClass().getSimpleName(), e);
    }
  }

  /** Returns the address that a container of ECS or EKS has its credentials from. */
  private Optional<URI> container() throws DiscoveryException {
    Optional<String> relative = environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if (relative.isPresent()) {
      return Optional.of(URI.create("http://169.254.170.2" + relative.get()));
    }
    Optional<String> full = environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (full.isEmpty()) {
      return Optional.empty();
    }
    URI uri = Settings.url(full.get());
    // The token would be sent there.
    if (!"http".equalsIgnoreCase(uri.getScheme()) || !local(uri.getHost())) {
      throw new DiscoveryException(
          "ec2_sd: AWS_CONTAINER_CREDENTIALS_FULL_URI must be an http URL with the address of the"
              + " container agent, or a loopback address");
    }
    return Optional.of(uri);
  }

  private static boolean local(String host) {
    String bare = host.replace("[", "").replace("]", "");
    if (Set.of("169.254.170.2", "169.254.170.23", "fd00:ec2::23").contains(bare)) {
      return true;
    }
    try {
      return InetAddress.getByName(bare).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private AwsCredentials ofContainer(URI uri) throws DiscoveryException, InterruptedException {
    Optional<String> file = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    String token =
        file.isPresent()
            ? read(Path.of(file.get()))
            : environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").orElse("");
    Map<String, String> headers = token.isEmpty() ? Map.of() : Map.of("Authorization", token);
    return temporary(
        Json.parse(
            metadata.ask("GET", uri, headers, "the container's credentials at " + uri.getHost())),
        "the container's agent");
  }

  private AwsCredentials temporary(Json answer, String where) throws DiscoveryException {
    String key = answer.get("AccessKeyId").text();
    String secret = answer.get("SecretAccessKey").text();
    if (key.isEmpty() || secret.isEmpty()) {
      throw new DiscoveryException("ec2_sd: " + where + " has no credentials");
    }
    return AwsCredentials.of(key, secret, answer.get("Token").text())
        .until(time(answer.get("Expiration").text()));
  }

  static Instant time(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new MalformedAnswerException(
          "the expiration of the temporary credentials is not a" + " time");
    }
  }
}
