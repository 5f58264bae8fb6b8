package dev.psc.scrape.http;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** The credentials of a request. Immutable; prints without secrets. */
public sealed interface Credentials {

  /** No credentials. */
  record None() implements Credentials {}

  /**
   * A user name and a password.
   *
   * @param username plain, or from a file
   * @param password plain, or from a file
   */
  record Basic(SecretSource username, SecretSource password) implements Credentials {}

  /**
   * An {@code Authorization} header.
   *
   * @param type its first word, e.g. {@code Bearer}
   * @param credentials the rest of the header
   */
  record Header(String type, SecretSource credentials) implements Credentials {
    /** Checks the type. */
    public Header {
      if (type.isBlank() || type.chars().anyMatch(c -> c <= ' ' || c > '~')) {
        throw new IllegalArgumentException("authorization type must be one word, e.g. Bearer");
      }
      if (type.equalsIgnoreCase("basic")) {
        throw new IllegalArgumentException(
            "authorization type cannot be \"basic\": use basic_auth instead");
      }
    }
  }

  /**
   * A bearer token that is fetched by the OAuth 2 client credentials flow, and fetched again before
   * it expires.
   *
   * @param clientId the client's id
   * @param clientSecret the client's secret
   * @param tokenUrl the URL of the token endpoint
   * @param scopes the requested scopes
   * @param endpointParams further parameters of the request
   * @param tls for the token URL
   * @param proxy for the token URL
   */
  record OAuth2(
      String clientId,
      SecretSource clientSecret,
      URI tokenUrl,
      List<String> scopes,
      Map<String, String> endpointParams,
      TlsSettings tls,
      ProxySettings proxy)
      implements Credentials {
    /** Copies the collections. */
    public OAuth2 {
      scopes = List.copyOf(scopes);
      endpointParams = Map.copyOf(endpointParams);
    }
  }
}
