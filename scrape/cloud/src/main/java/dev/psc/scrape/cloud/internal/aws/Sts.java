package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.XmlNode;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpSettings;
import java.net.URI;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Temporary credentials of a role, by the Security Token Service of a region. */
final class Sts {

  private static final String SESSION = "psc-scraper";

  private final ApiClient api;
  private final HttpSettings http;
  private final String region;
  private final String endpoint;

  Sts(ApiClient api, AwsEnvironment environment, HttpSettings http, String region) {
    this.api = api;
    this.http = http;
    this.region = region;
    this.endpoint =
        environment
            .variable("AWS_ENDPOINT_URL_STS")
            .or(() -> environment.variable("AWS_ENDPOINT_URL"))
            .orElse("https://sts." + region + "." + Ec2Lister.domain(region));
  }

  AwsCredentials assume(AwsCredentials with, String role, String externalId, Instant now)
      throws DiscoveryException, InterruptedException {
    Map<String, String> query = query("AssumeRole", role);
    if (!externalId.isEmpty()) {
      query.put("ExternalId", externalId);
    }
    return ask(new SignedGet(api, http, with, region, "sts"), "AssumeRole", query, now);
  }

  /** The token identifies the caller, so that the request has no signature. */
  AwsCredentials assumeWithWebIdentity(String token, String role, Instant now)
      throws DiscoveryException, InterruptedException {
    Map<String, String> query = query("AssumeRoleWithWebIdentity", role);
    query.put("WebIdentityToken", token);
    return ask(
        new SignedGet(api, http, null, region, "sts"), "AssumeRoleWithWebIdentity", query, now);
  }

  private static Map<String, String> query(String action, String role) {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("Action", action);
    query.put("Version", "2011-06-15");
    query.put("RoleArn", role);
    query.put("RoleSessionName", SESSION);
    return query;
  }

  private AwsCredentials ask(
      SignedGet request, String action, Map<String, String> query, Instant now)
      throws DiscoveryException, InterruptedException {
    HttpAnswer answer = request.send(URI.create(endpoint), query, now);
    if (answer.status() != 200) {
      throw new DiscoveryException(request.failure(answer));
    }
    XmlNode found = XmlNode.parse(answer.body()).child(action + "Result").child("Credentials");
    String key = found.text("AccessKeyId");
    String secret = found.text("SecretAccessKey");
    if (key.isEmpty() || secret.isEmpty()) {
      throw new DiscoveryException("ec2_sd: STS returned no credentials");
    }
    return AwsCredentials.of(key, secret, found.text("SessionToken"))
        .until(CredentialChain.time(found.text("Expiration")));
  }
}
