package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.SocketHttp;
import dev.psc.scrape.discovery.DiscoveryException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;

/** The metadata service of an EC2 instance, by its second version, which asks for a token first. */
final class InstanceMetadata {

  private static final Duration TIMEOUT = Duration.ofSeconds(2);
  private static final long LIMIT_BYTES = 64 << 10;
  private static final String ROLES = "/latest/meta-data/iam/security-credentials/";

  private final AwsEnvironment environment;
  private final ScheduledExecutorService scheduler;

  InstanceMetadata(AwsEnvironment environment, ScheduledExecutorService scheduler) {
    this.environment = environment;
    this.scheduler = scheduler;
  }

  boolean disabled() {
    return environment
        .variable("AWS_EC2_METADATA_DISABLED")
        .map(value -> value.equalsIgnoreCase("true"))
        .orElse(false);
  }

  /** Returns the credentials of the instance's role. */
  Json credentials() throws DiscoveryException, InterruptedException {
    String token = token();
    String role = get(ROLES, token).strip().lines().findFirst().orElse("");
    if (role.isEmpty()) {
      throw new DiscoveryException("ec2_sd: the instance has no IAM role");
    }
    return Json.parse(get(ROLES + ApiClient.encoded(role), token).getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the region of the instance. */
  String region() throws DiscoveryException, InterruptedException {
    return get("/latest/meta-data/placement/region", token()).strip();
  }

  private String token() throws DiscoveryException, InterruptedException {
    return ask("PUT", "/latest/api/token", Map.of("X-aws-ec2-metadata-token-ttl-seconds", "300"));
  }

  private String get(String path, String token) throws DiscoveryException, InterruptedException {
    return ask("GET", path, Map.of("X-aws-ec2-metadata-token", token.strip()));
  }

  private String ask(String method, String path, Map<String, String> headers)
      throws DiscoveryException, InterruptedException {
    URI base =
        URI.create(
            environment
                .variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                .orElse("http://169.254.169.254"));
    byte[] answer =
        ask(method, base.resolve(path), headers, "the instance metadata service " + base.getHost());
    return new String(answer, StandardCharsets.UTF_8);
  }

  /** Sends a request to a link-local address, without TLS and without a proxy. */
  byte[] ask(String method, URI uri, Map<String, String> headers, String what)
      throws DiscoveryException, InterruptedException {
    int port = uri.getPort() < 0 ? 80 : uri.getPort();
    try {
      SocketHttp.Answer answer =
          SocketHttp.exchange(
              new InetSocketAddress(uri.getHost(), port),
              new SocketHttp.Request(
                  method,
                  uri.getHost() + (port == 80 ? "" : ":" + port),
                  uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()),
                  headers),
              TIMEOUT,
              LIMIT_BYTES,
              scheduler);
      if (answer.status() != 200) {
        throw new DiscoveryException(
            "ec2_sd: " + what + ": " + uri.getPath() + " returned " + answer.status());
      }
      return answer.body();
    } catch (IOException | java.nio.channels.UnresolvedAddressException e) {
      throw new DiscoveryException(
          "ec2_sd: "
              + what
              + ": "
              + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
              + "; outside of AWS, set access_key and secret_key, profile, or the AWS_* variables",
          e);
    }
  }
}
