package dev.psc.scrape.kubernetes;

import dev.psc.net.LogText;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpStream;
import dev.psc.scrape.kubernetes.KubernetesApi.Collection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/** Messages of failed requests to the API server. They name the failure and a setting to check. */
final class ApiErrors {

  private static final int ERROR_BYTES = 4096;

  private ApiErrors() {}

  /** Returns the failure of a request without an answer. */
  static String explain(ApiServer server, HttpFailure failure) {
    ApiServer.Origin check = server.origin();
    String where = host(server) + ": ";
    return switch (failure.outcome()) {
      case DNS ->
          where + "the host name cannot be resolved; check " + check.server() + ", and the DNS";
      case REFUSED ->
          where + "connection refused; check that the API server is running, and " + check.server();
      case UNREACHABLE ->
          where
              + "no connection within the time limit, or no route; check "
              + check.server()
              + ", routes and firewalls";
      case TIMEOUT ->
          where + "no response within the time limit; check the API server's load, and firewalls";
      case BROKEN -> where + "the connection was lost (" + LogText.cause(failure, 200) + ")";
      case TLS -> where + tls(check, LogText.cause(failure, 200));
      case PROTOCOL ->
          where
              + "the response is not HTTP ("
              + LogText.cause(failure, 200)
              + "); check scheme and port of "
              + check.server();
      case AUTH ->
          where
              + "the credentials cannot be read ("
              + LogText.line(String.valueOf(failure.getMessage()), 200)
              + "); check "
              + check.credentials();
      default -> String.valueOf(failure.getMessage());
    };
  }

  private static String tls(ApiServer.Origin check, String detail) {
    String words = detail.toLowerCase(Locale.ROOT);
    if (words.contains("unrecognized ssl message") || words.contains("plaintext")) {
      return "the API server does not use TLS; use http:// in " + check.server();
    }
    if (words.contains("no subject alternative") || words.contains("no name matching")) {
      return "the API server's certificate is for another name ("
          + detail
          + "); check "
          + check.server()
          + ", or "
          + check.serverName();
    }
    if (words.contains("certificate_required")
        || words.contains("bad_certificate")
        || words.contains("certificate_unknown")) {
      return "the API server does not accept the client certificate ("
          + detail
          + "); check "
          + check.credentials();
    }
    if (words.contains("unable to find valid certification path")
        || words.contains("pkix")
        || words.contains("signature")) {
      return "the API server's certificate is not trusted ("
          + detail
          + "); check "
          + check.authority();
    }
    return "TLS failed (" + detail + "); check " + check.authority() + ", and the clocks";
  }

  private static String host(ApiServer server) {
    String host = String.valueOf(server.base().getHost());
    return server.base().getPort() < 0 ? host : host + ":" + server.base().getPort();
  }

  /** Reads the answer of a request that was refused. */
  static ApiException refused(
      ApiServer server, Collection what, String asked, HttpStream answer, InputStream content)
      throws IOException {
    String body = new String(content.readNBytes(ERROR_BYTES), StandardCharsets.UTF_8);
    int status = answer.status();
    StringBuilder text = new StringBuilder();
    text.append("cannot ").append(asked).append(": ").append(host(server));
    text.append(" returned ").append(status);
    String detail = StatusText.ofBody(body);
    if (!detail.isEmpty()) {
      text.append(": ").append(detail);
    }
    if (status == 401) {
      text.append("; the credentials are not valid, or no longer; check ")
          .append(server.origin().credentials());
    } else if (status == 403) {
      text.append("; allow list and watch on ")
          .append(what.resource().plural())
          .append(
              what.resource().namespaced() && !what.namespace().isEmpty()
                  ? " by a Role in namespace " + what.namespace()
                  : what.resource().namespaced()
                      ? " by a ClusterRole, or set namespaces.names"
                      : " by a ClusterRole");
    } else if (status == 404) {
      text.append("; check ").append(server.origin().server());
    }
    return ApiException.refused(status, text.toString(), retryAfter(answer));
  }

  private static Duration retryAfter(HttpStream answer) {
    String seconds = answer.headers().firstValue("Retry-After").orElse("").strip();
    // The API sends seconds only; HTTP allows a date too.
    return seconds.matches("\\d{1,6}")
        ? Duration.ofSeconds(Long.parseLong(seconds))
        : Duration.ZERO;
  }

  /** Returns the failure of an answer that ended early or cannot be parsed. */
  static String broken(ApiServer server, String asked, Exception cause) {
    return "cannot "
        + asked
        + ": the response of "
        + host(server)
        + " is incomplete or cannot be parsed ("
        + LogText.line(String.valueOf(cause.getMessage()), 200)
        + ")";
  }
}
