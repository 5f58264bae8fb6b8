package dev.psc.otlp;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The settings of a sink. Immutable. */
record OtlpSettings(
    URI uri,
    boolean grpc,
    Map<String, String> headers,
    Duration timeout,
    boolean gzip,
    @Nullable Path caFile,
    @Nullable Path clientChain,
    @Nullable Path clientKey,
    boolean insecureSkipVerify) {

  /** Copies the headers. */
  OtlpSettings {
    headers = Map.copyOf(headers);
  }

  /** Returns the URI of requests over HTTP. */
  URI httpUri() {
    String path = uri.getPath();
    if (path != null && !path.isEmpty() && !path.equals("/")) {
      return uri;
    }
    return uri.resolve(Answers.PATH);
  }

  String version() {
    String version = OtlpSettings.class.getPackage().getImplementationVersion();
    return version == null ? "dev" : version;
  }

  /** Headers may be secrets. */
  @Override
  public String toString() {
    return "OtlpSettings[" + uri + (grpc ? ", grpc" : ", http/protobuf") + "]";
  }

  /**
   * Reads an endpoint.
   *
   * @throws IllegalArgumentException if it is not an http or https URL
   */
  static URI endpoint(String name, String text) {
    String given = text.strip();
    String full = given.contains("://") ? given : "https://" + given;
    try {
      URI uri = new URI(full);
      String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
      if ((scheme.equals("http") || scheme.equals("https"))
          && uri.getHost() != null
          && uri.getUserInfo() == null
          && uri.getQuery() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          name + " is not a URL such as http://localhost:4318: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException(
        name + " must be a URL such as http://localhost:4318 without user and query");
  }

  /** Reads {@code name=value,name=value} with percent-encoded values. No message has a value. */
  static Map<String, String> headers(String name, String text) {
    Map<String, String> headers = new TreeMap<>();
    for (String pair : text.split(",", -1)) {
      if (pair.isBlank()) {
        continue;
      }
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            name + ": a pair has no name or no '='; write name=value,name=value");
      }
      headers.put(
          pair.substring(0, equals).strip(), decoded(name, pair.substring(equals + 1).strip()));
    }
    return headers;
  }

  private static String decoded(String name, String value) {
    try {
      // A plus sign is literal, unlike in forms.
      return java.net.URLDecoder.decode(
          value.replace("+", "%2B"), java.nio.charset.StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": a value has an invalid percent-encoding");
    }
  }
}
