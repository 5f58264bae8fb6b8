package dev.psc.scrape.http;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The HTTP settings of a job's targets or of a discovery's server. Immutable. */
public final class HttpSettings {

  /** No credentials, the JDK's certificates, no proxy, redirects followed, HTTP/2 where offered. */
  public static final HttpSettings DEFAULT = builder().build();

  /** Headers that the client sets itself, in lower case. */
  private static final Set<String> RESERVED =
      Set.of(
          "authorization",
          "connection",
          "content-encoding",
          "content-length",
          "content-type",
          "expect",
          "host",
          "transfer-encoding",
          "upgrade",
          "user-agent",
          "accept-encoding",
          "trailer",
          "te",
          "x-prometheus-scrape-timeout-seconds");

  private final Credentials credentials;
  private final TlsSettings tls;
  private final ProxySettings proxy;
  private final boolean followRedirects;
  private final boolean enableHttp2;
  private final Map<String, List<SecretSource>> headers;

  private HttpSettings(Builder builder) {
    this.credentials = builder.credentials;
    this.tls = builder.tls;
    this.proxy = builder.proxy;
    this.followRedirects = builder.followRedirects;
    this.enableHttp2 = builder.enableHttp2;
    this.headers = Map.copyOf(builder.headers);
  }

  /** Returns a builder that starts with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder that starts with these settings. */
  public Builder toBuilder() {
    Builder builder =
        builder()
            .credentials(credentials)
            .tls(tls)
            .proxy(proxy)
            .followRedirects(followRedirects)
            .enableHttp2(enableHttp2);
    builder.headers.putAll(headers);
    return builder;
  }

  /** Returns the credentials. */
  public Credentials credentials() {
    return credentials;
  }

  /** Returns the TLS settings. */
  public TlsSettings tls() {
    return tls;
  }

  /** Returns the proxy settings. */
  public ProxySettings proxy() {
    return proxy;
  }

  /** Returns whether up to ten redirects are followed. */
  public boolean followRedirects() {
    return followRedirects;
  }

  /** Returns whether HTTP/2 is offered over TLS. */
  public boolean enableHttp2() {
    return enableHttp2;
  }

  /** Returns the headers that are sent with each request to the origin asked for. */
  public Map<String, List<SecretSource>> headers() {
    return headers;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof HttpSettings that
        && credentials.equals(that.credentials)
        && tls.equals(that.tls)
        && proxy.equals(that.proxy)
        && followRedirects == that.followRedirects
        && enableHttp2 == that.enableHttp2
        && headers.equals(that.headers);
  }

  @Override
  public int hashCode() {
    return Objects.hash(credentials, tls, proxy, followRedirects, enableHttp2, headers);
  }

  @Override
  public String toString() {
    return "HttpSettings" + HttpSettingsFields.settings(this);
  }

  /** Collects settings. Not thread-safe. */
  public static final class Builder {

    private Credentials credentials = new Credentials.None();
    private TlsSettings tls = TlsSettings.DEFAULT;
    private ProxySettings proxy = ProxySettings.NONE;
    private boolean followRedirects = true;
    private boolean enableHttp2 = true;
    private final Map<String, List<SecretSource>> headers = new TreeMap<>();

    private Builder() {}

    /** Sets the credentials; none by default. */
    public Builder credentials(Credentials credentials) {
      this.credentials = Objects.requireNonNull(credentials, "credentials");
      return this;
    }

    /** Sets the TLS settings; the JDK's certificates by default. */
    public Builder tls(TlsSettings tls) {
      this.tls = Objects.requireNonNull(tls, "tls");
      return this;
    }

    /** Sets the proxy; none by default. */
    public Builder proxy(ProxySettings proxy) {
      this.proxy = Objects.requireNonNull(proxy, "proxy");
      return this;
    }

    /** Sets whether up to ten redirects are followed; true by default. */
    public Builder followRedirects(boolean followRedirects) {
      this.followRedirects = followRedirects;
      return this;
    }

    /** Sets whether HTTP/2 is offered over TLS; true by default. */
    public Builder enableHttp2(boolean enableHttp2) {
      this.enableHttp2 = enableHttp2;
      return this;
    }

    /**
     * Sets the values of a header.
     *
     * @throws IllegalArgumentException when it is not a legal name, or one that the client decides
     *     about
     */
    public Builder header(String name, List<SecretSource> values) {
      if (name.isEmpty()
          || !name.chars()
              .allMatch(c -> c > ' ' && c < 127 && "()<>@,;:\\\"/[]?={}".indexOf(c) < 0)) {
        throw new IllegalArgumentException("\"" + name + "\" is not a legal header name");
      }
      if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException(
            "header "
                + name
                + " cannot be configured: the HTTP client sets it"
                + (name.equalsIgnoreCase("authorization")
                    ? "; use authorization, basic_auth or oauth2"
                    : ""));
      }
      headers.put(name, List.copyOf(values));
      return this;
    }

    /** Returns the settings. */
    public HttpSettings build() {
      return new HttpSettings(this);
    }
  }
}
