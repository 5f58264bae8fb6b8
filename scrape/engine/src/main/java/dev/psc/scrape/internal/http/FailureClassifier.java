package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import dev.psc.net.ProxyAddress;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Classifies the exceptions of the JDK's client and adds a remedy. */
final class FailureClassifier {

  private FailureClassifier() {}

  static HttpFailure classify(Throwable thrown, URI uri) {
    return classify(thrown, uri, Optional.empty());
  }

  static HttpFailure classify(Throwable thrown, URI uri, Optional<ProxyAddress> proxy) {
    Throwable failure = unwrap(thrown);
    if (failure instanceof HttpFailure classified) {
      return classified;
    }
    String where = LogSafe.url(uri);
    if (proxy.isPresent()) {
      String through = "the proxy " + LogText.line(proxy.get().toString(), 200);
      // Until a tunnel is open, only the proxy can have failed.
      if (says(failure, "tunnel failed")) {
        return new HttpFailure(
            ScrapeOutcome.PROXY,
            where
                + ": "
                + through
                + " refused to open a tunnel ("
                + LogText.cause(failure, 200)
                + "); check the proxy's rules, or name the host in no_proxy",
            failure);
      }
      if (find(failure, ConnectException.class) != null
          || find(failure, UnresolvedAddressException.class) != null
          || failure instanceof HttpConnectTimeoutException) {
        return new HttpFailure(
            ScrapeOutcome.PROXY,
            where + ": " + through + " cannot be reached; check proxy_url and whether it runs",
            failure);
      }
      where += " through " + through;
    }
    if (failure instanceof HttpConnectTimeoutException) {
      return new HttpFailure(
          ScrapeOutcome.UNREACHABLE,
          where + ": connection timed out; check address, routes and firewalls");
    }
    if (failure instanceof HttpTimeoutException || failure instanceof CancellationException) {
      return new HttpFailure(ScrapeOutcome.TIMEOUT, where + ": no response in time");
    }
    if (find(failure, UnresolvedAddressException.class) != null
        || find(failure, UnknownHostException.class) != null) {
      return new HttpFailure(ScrapeOutcome.DNS, unresolved(where));
    }
    SSLException tls = find(failure, SSLException.class);
    if (tls != null) {
      return new HttpFailure(ScrapeOutcome.TLS, where + ": " + tlsAdvice(tls), failure);
    }
    if (find(failure, NoRouteToHostException.class) != null
        || says(failure, "network is unreachable")) {
      return new HttpFailure(
          ScrapeOutcome.UNREACHABLE,
          where + ": there is no route to the address; check address, routes and firewalls");
    }
    if (find(failure, ConnectException.class) != null) {
      if (says(failure, "timed out")) {
        return new HttpFailure(
            ScrapeOutcome.UNREACHABLE,
            where + ": connection timed out; check address, routes and firewalls");
      }
      return new HttpFailure(
          ScrapeOutcome.REFUSED,
          where + ": connection refused; check that the target runs and listens on this port");
    }
    if (isBrokenFraming(failure)) {
      return new HttpFailure(
          ScrapeOutcome.PROTOCOL, Framing.message(where, LogText.cause(failure, 200)), failure);
    }
    if (find(failure, ProtocolException.class) != null || says(failure, "invalid status line")) {
      return new HttpFailure(
          ScrapeOutcome.PROTOCOL,
          where
              + ": the response is not HTTP ("
              + LogText.cause(failure, 200)
              + "); check the port, and scheme: https if it speaks TLS",
          failure);
    }
    if (says(failure, "fixed content-length") || says(failure, "chunked transfer encoding")) {
      return new HttpFailure(
          ScrapeOutcome.TRUNCATED,
          where
              + ": the connection ended in the middle of the body ("
              + LogText.cause(failure, 200)
              + ")");
    }
    if (failure instanceof java.io.IOException || find(failure, EOFException.class) != null) {
      return new HttpFailure(
          ScrapeOutcome.BROKEN,
          where
              + ": the connection was lost ("
              + LogText.cause(failure, 200)
              + "); retried at the next scrape",
          failure);
    }
    return new HttpFailure(ScrapeOutcome.INTERNAL, where + ": " + failure, failure);
  }

  /** Classifies failures before the request was sent, which come from the settings. */
  static HttpFailure unasked(Throwable thrown, URI uri) {
    HttpFailure failure = classify(thrown, uri);
    String where = LogSafe.url(uri);
    String message = String.valueOf(failure.getMessage());
    return message.startsWith(where)
        ? failure
        : new HttpFailure(failure.outcome(), where + ": " + message, failure);
  }

  /** Returns whether a request took too long though there was a connection. */
  static boolean isTimeout(Throwable thrown) {
    Throwable failure = unwrap(thrown);
    return failure instanceof HttpTimeoutException
        && !(failure instanceof HttpConnectTimeoutException);
  }

  /** Returns whether it was HTTP, but with headers or chunks that cannot be read. */
  private static boolean isBrokenFraming(Throwable failure) {
    return says(failure, "invalid header")
        || says(failure, "header size too big")
        || says(failure, "chunk size")
        || says(failure, "chunk header")
        || says(failure, "unexpected content length")
        || says(failure, "protocol error")
        || find(failure, NumberFormatException.class) != null;
  }

  /** Returns the message about a host name without an address. */
  static String unresolved(URI uri) {
    return unresolved(LogSafe.url(uri));
  }

  private static String unresolved(String where) {
    return where + ": the host name cannot be resolved; check the target's address and the DNS";
  }

  /** Returns whether a request failed before there was a connection. */
  static boolean isUnconnected(Throwable thrown) {
    Throwable failure = unwrap(thrown);
    return failure instanceof HttpConnectTimeoutException
        || find(failure, ConnectException.class) != null
        || find(failure, NoRouteToHostException.class) != null
        || says(failure, "network is unreachable");
  }

  private static String tlsAdvice(SSLException failure) {
    String detail = LogText.cause(failure, 200);
    if (says(failure, "unrecognized ssl message") || says(failure, "plaintext")) {
      return "the target does not speak TLS; set scheme: http";
    }
    if (says(failure, "illegal given domain name")) {
      return "Java verifies no certificate for a host name with an underscore; set"
          + " tls_config.server_name to the certificate's name";
    }
    if (says(failure, "no subject alternative") || says(failure, "no name matching")) {
      return "the certificate is for another name ("
          + detail
          + "); set tls_config.server_name to the certificate's name";
    }
    if (find(failure, CertificateExpiredException.class) != null
        || find(failure, CertificateNotYetValidException.class) != null) {
      return "the certificate is not valid at this time ("
          + detail
          + "); renew it at the target, and check both clocks";
    }
    if (says(failure, "protocol_version") || says(failure, "no appropriate protocol")) {
      return "the target and the client share no TLS version ("
          + detail
          + "); check tls_config.min_version and max_version";
    }
    if (says(failure, "unable to find valid certification path") || says(failure, "pkix")) {
      return "the certificate is not trusted ("
          + detail
          + "); set tls_config.ca_file to its authority";
    }
    if (says(failure, "bad_certificate") || says(failure, "certificate_required")) {
      return "the target requires a client certificate ("
          + detail
          + "); set tls_config.cert_file and key_file";
    }
    return "TLS failed (" + detail + ")";
  }

  static Throwable unwrap(Throwable thrown) {
    Throwable failure = thrown;
    while ((failure instanceof CompletionException || failure instanceof ExecutionException)
        && failure.getCause() != null) {
      failure = failure.getCause();
    }
    return failure;
  }

  private static boolean says(Throwable failure, String words) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < 20; t = t.getCause(), depth++) {
      String message = t.getMessage();
      if (message != null && message.toLowerCase(Locale.ROOT).contains(words)) {
        return true;
      }
    }
    return false;
  }

  private static <T extends Throwable> @Nullable T find(Throwable failure, Class<T> type) {
    int depth = 0;
    for (Throwable t = failure; t != null && depth < 20; t = t.getCause(), depth++) {
      if (type.isInstance(t)) {
        return type.cast(t);
      }
    }
    return null;
  }
}
