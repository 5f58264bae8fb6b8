package dev.psc.scrape.cloud.internal.aws;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.XmlNode;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpSettings;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Requests to one of the query APIs of AWS, whose responses are XML. */
final class SignedGet {

  private static final Set<String> DENIED =
      Set.of("AuthFailure", "UnauthorizedOperation", "ExpiredToken", "RequestExpired");

  private final ApiClient api;
  private final HttpSettings http;
  private final @Nullable AwsCredentials credentials;
  private final String region;
  private final String service;

  /**
   * Creates the request.
   *
   * @param credentials that sign it; null for a request without a signature
   */
  SignedGet(
      ApiClient api,
      HttpSettings http,
      @Nullable AwsCredentials credentials,
      String region,
      String service) {
    this.api = api;
    this.http = http;
    this.credentials = credentials;
    this.region = region;
    this.service = service;
  }

  /** Sends the request and returns the response, whatever its status. */
  HttpAnswer send(URI endpoint, Map<String, String> query, Instant now)
      throws DiscoveryException, InterruptedException {
    StringBuilder url = new StringBuilder(Settings.withoutSlash(endpoint)).append('/');
    char separator = '?';
    for (Map.Entry<String, String> entry : query.entrySet()) {
      url.append(separator).append(ApiClient.encoded(entry.getKey())).append('=');
      url.append(ApiClient.encoded(entry.getValue()));
      separator = '&';
    }
    URI uri = URI.create(url.toString());
    HttpSettings signed = http;
    Map<String, String> headers = new HashMap<>();
    if (credentials != null) {
      headers.put("X-Amz-Date", SigV4.date(now));
      Map<String, String> toSign = new HashMap<>();
      if (credentials.sessionToken().isPresent()) {
        signed =
            Settings.withHeader(signed, "X-Amz-Security-Token", credentials.sessionToken().get());
        toSign.put("X-Amz-Security-Token", credentials.sessionToken().get().reveal());
      }
      SigV4 signer = new SigV4(credentials, region, service);
      signed = Settings.authorized(signed, SigV4.ALGORITHM, signer.authorization(uri, now, toSign));
    }
    return api.getAny(uri, signed, headers);
  }

  /** Returns whether AWS does not accept the credentials, so that others should be found. */
  static boolean denied(HttpAnswer answer) {
    return DENIED.contains(error(answer).text("Code"));
  }

  /** Returns the message for a response with an error. */
  String failure(HttpAnswer answer) {
    XmlNode error = error(answer);
    String detail =
        error.text("Code").isEmpty()
            ? ApiClient.beginning(answer.body())
            : ApiClient.beginning(
                (error.text("Code") + ": " + error.text("Message"))
                    .getBytes(StandardCharsets.UTF_8));
    return "ec2_sd: " + service + " in " + region + " returned " + answer.status() + ": " + detail;
  }

  /** Returns the element that has the code; EC2 and STS put it at different places. */
  private static XmlNode error(HttpAnswer answer) {
    try {
      XmlNode root = XmlNode.parse(answer.body());
      return root.find("Error").orElseGet(() -> root.child("Errors").child("Error"));
    } catch (MalformedAnswerException e) {
      return XmlNode.ABSENT;
    }
  }
}
