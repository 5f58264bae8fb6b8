package dev.psc.store;

import dev.psc.auth.PscAuthInterceptor;
import dev.psc.net.TrustAll;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSslSessionContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A factory of gRPC channels to a store: TLS by default, and settings for a long-running client
 * that sends a batch every few seconds.
 *
 * <pre>{@code
 * ManagedChannel channel =
 *     StoreChannels.builder("grpc.polarsignals.com:443")
 *         .interceptor(PscAuthInterceptor.create(tokenSource, projectId))
 *         .build();
 * }</pre>
 *
 * <p>A channel connects with its first call. If the connection fails, the description of the status
 * contains the likely cause: a plaintext server behind a TLS channel, a TLS server behind a
 * plaintext one, an HTTP/1 server, or an untrusted certificate. The caller shuts the channel down.
 */
public final class StoreChannels {

  private static final Logger logger = LoggerFactory.getLogger(StoreChannels.class);

  private StoreChannels() {}

  /**
   * Returns a builder of channels.
   *
   * @param address {@code host:port} or {@code https://host[:443]} (TLS), or {@code
   *     http://host[:80]} (plaintext); an IPv6 address is in brackets, and a leading {@code
   *     dns:///} is ignored
   * @throws IllegalArgumentException if the address is invalid
   */
  public static Builder builder(String address) {
    return new Builder(StoreEndpoint.parse(address));
  }

  /** Returns the user agent, {@code psc-java/<version>}. */
  public static String userAgent() {
    return UserAgent.VALUE;
  }

  private static final class UserAgent {

    static final String VALUE = "psc-java/" + version();

    private static String version() {
      try (InputStream in = StoreChannels.class.getResourceAsStream("version.properties")) {
        Properties properties = new Properties();
        if (in != null) {
          properties.load(in);
        }
        return properties.getProperty("version", "unknown");
      } catch (IOException e) {
        throw new UncheckedIOException("version.properties of psc-store cannot be read", e);
      }
    }
  }

  /** A builder of channels. Not thread-safe. */
  public static final class Builder {

    private static final Duration KEEP_ALIVE_FLOOR = Duration.ofMinutes(5);

    private StoreEndpoint endpoint;
    private @Nullable Path caFile;
    private @Nullable Path clientChain;
    private @Nullable Path clientKey;
    private boolean insecureSkipVerify;
    private @Nullable String serverName;
    private @Nullable HttpProxy proxy;
    private Duration keepAlive = Duration.ofMinutes(6);
    private long maxInboundMessageBytes = 4L * 1024 * 1024;
    private @Nullable String application;
    private final List<ClientInterceptor> interceptors = new ArrayList<>();

    private Builder(StoreEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    /** Uses HTTP/2 without TLS, like an {@code http://} address. */
    public Builder plaintext() {
      endpoint = new StoreEndpoint(endpoint.host(), endpoint.port(), true);
      return this;
    }

    /**
     * Sets the PEM file with the trusted certificates, instead of those of the JVM. The file is
     * read for each handshake; while it is unusable, its last good content stays in use.
     */
    public Builder caFile(Path pem) {
      caFile = Objects.requireNonNull(pem, "pem");
      return this;
    }

    /**
     * Sets a client certificate. Both files are read for each handshake; while they are unusable or
     * do not match, the last good pair stays in use.
     *
     * @param chainPem the certificate and the intermediate certificates
     * @param keyPem the private key (PKCS #8, PKCS #1 or SEC 1), not encrypted
     */
    public Builder clientCertificate(Path chainPem, Path keyPem) {
      clientChain = Objects.requireNonNull(chainPem, "chainPem");
      clientKey = Objects.requireNonNull(keyPem, "keyPem");
      return this;
    }

    /**
     * Disables verification of the store's certificate, for tests: an attacker can read the token.
     * Each such channel logs a warning.
     */
    public Builder insecureSkipVerify() {
      insecureSkipVerify = true;
      return this;
    }

    /** Sets the name expected in the store's certificate; the host of the address by default. */
    public Builder serverName(String name) {
      serverName = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * Sets an HTTP proxy, used by CONNECT. By default the JVM's properties {@code https.proxyHost},
     * {@code https.proxyPort} and {@code http.nonProxyHosts} apply.
     *
     * @param url {@code http://[user:password@]host:port}
     * @throws IllegalArgumentException if the URL is invalid; the message does not contain it
     */
    public Builder proxy(String url) {
      proxy = HttpProxy.of(url);
      return this;
    }

    /**
     * Uses the proxy of {@code HTTPS_PROXY}, unless {@code NO_PROXY} exempts the store, by the
     * rules of Go's {@code http.ProxyFromEnvironment}: variables in lower case count where those in
     * upper case are not set, the default port is 80, and a value that is not a URL is ignored with
     * a warning. {@link #build} rejects a proxy of another scheme than {@code http}.
     */
    public Builder proxyFromEnvironment() {
      return proxyFromEnvironment(System.getenv());
    }

    /** Uses the proxy of {@link #proxyFromEnvironment()} for the given variables. */
    public Builder proxyFromEnvironment(Map<String, String> variables) {
      proxy = HttpProxy.fromEnvironment(variables);
      return this;
    }

    /**
     * Sets the silence after which a running call pings the store; 6 min by default. An idle
     * channel never pings. Servers close connections that ping more often than every 5 min.
     *
     * @throws IllegalArgumentException if shorter than 5 min
     */
    public Builder keepAlive(Duration interval) {
      if (interval.compareTo(KEEP_ALIVE_FLOOR) < 0) {
        throw new IllegalArgumentException(
            "keepAlive must be at least 5 min (servers close with too_many_pings), but was "
                + interval);
      }
      keepAlive = interval;
      return this;
    }

    /**
     * Sets the largest response in bytes; 4 MiB by default. The sink limits requests.
     *
     * @throws IllegalArgumentException if not between 1 and 2^31 - 1
     */
    public Builder maxInboundMessageBytes(long bytes) {
      if (bytes < 1 || bytes > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "maxInboundMessageBytes must be between 1 and 2147483647, but was " + bytes);
      }
      maxInboundMessageBytes = bytes;
      return this;
    }

    /**
     * Sets the prefix of {@code psc-java/<version>} in the user agent, for example {@code
     * my-agent/1.2}.
     *
     * @throws IllegalArgumentException if empty or not printable ASCII
     */
    public Builder application(String nameAndVersion) {
      if (nameAndVersion.isEmpty() || !nameAndVersion.chars().allMatch(c -> c >= ' ' && c <= '~')) {
        throw new IllegalArgumentException("application must be printable ASCII, not empty");
      }
      application = nameAndVersion;
      return this;
    }

    /** Adds an interceptor; interceptors are called in the order of their addition. */
    public Builder interceptor(ClientInterceptor interceptor) {
      interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
      return this;
    }

    StoreEndpoint endpoint() {
      return endpoint;
    }

    @Nullable HttpProxy proxy() {
      return proxy;
    }

    String expectedServerName() {
      return serverName == null ? endpoint.host() : serverName;
    }

    boolean verifies() {
      return !insecureSkipVerify;
    }

    /** Returns the trust managers for the store's certificate, or null for those of the JVM. */
    TrustManager @Nullable [] trustManagers() {
      if (insecureSkipVerify) {
        return new TrustManager[] {new TrustAll()};
      }
      return caFile == null ? null : new TrustManager[] {new ReloadingTrustManager(caFile)};
    }

    KeyManager @Nullable [] keyManagers() {
      return clientChain == null || clientKey == null
          ? null
          : new KeyManager[] {new ReloadingKeyManager(clientChain, clientKey)};
    }

    /**
     * Returns a channel that connects with its first call.
     *
     * @throws IllegalArgumentException if settings contradict each other, a certificate or key file
     *     is unusable, or the proxy of the environment is not supported
     */
    public ManagedChannel build() {
      return build(null);
    }

    /**
     * Returns a channel like {@link #build()}.
     *
     * @param threads its threads, which the caller closes after it; those of gRPC if null
     */
    ManagedChannel build(@Nullable SinkThreads threads) {
      check();
      ManagedChannelBuilder<?> builder =
          transport(threads)
              .userAgent(application == null ? userAgent() : application + " " + userAgent())
              .keepAliveTime(keepAlive.toNanos(), TimeUnit.NANOSECONDS)
              .keepAliveWithoutCalls(false)
              .maxInboundMessageSize((int) maxInboundMessageBytes)
              // The sender retries, with a deadline per attempt.
              .disableRetry()
              .disableServiceConfigLookUp();
      if (serverName != null) {
        builder.overrideAuthority(serverName);
      }
      if (proxy != null) {
        builder.proxyDetector(proxy);
      }
      if (insecureSkipVerify) {
        logger.warn(
            "The certificate of store {} is NOT verified: an attacker can read the token;"
                + " use insecureSkipVerify in tests only",
            endpoint);
      }
      // gRPC calls interceptors in reverse order of their addition.
      builder.intercept(new TransportHints(endpoint));
      for (int i = interceptors.size() - 1; i >= 0; i--) {
        builder.intercept(interceptors.get(i));
      }
      return builder.build();
    }

    void check() {
      if (proxy != null) {
        proxy.check(endpoint);
      }
      if (endpoint.plaintext() && (insecureSkipVerify || caFile != null || clientChain != null)) {
        throw new IllegalArgumentException(
            "store "
                + endpoint
                + " is plaintext, but certificates are configured: use https:// or leave them out");
      }
      if (endpoint.plaintext()
          && interceptors.stream()
              .anyMatch(
                  one ->
                      one instanceof PscAuthInterceptor auth
                          && !auth.mayUsePlaintext(plaintextPeer()))) {
        throw new IllegalArgumentException(
            "the token would be sent in plaintext to store "
                + endpoint
                + ": use https://, or set allowPlaintextToken (for a store on this machine without"
                + " a proxy: allowPlaintextOnLoopback)");
      }
      if (insecureSkipVerify && caFile != null) {
        throw new IllegalArgumentException(
            "insecureSkipVerify and caFile are mutually exclusive: set one of them");
      }
    }

    /** Returns the host that sees plaintext: behind a proxy it is never on this machine. */
    private String plaintextPeer() {
      boolean proxied =
          proxy != null && proxy.address(endpoint.host(), endpoint.port()).isPresent();
      return proxied ? "a proxy" : endpoint.host();
    }

    private ManagedChannelBuilder<?> transport(@Nullable SinkThreads threads) {
      LostServices.restore();
      // With a scheme: in a jar without merged services the default may be another one.
      NettyChannelBuilder netty = NettyChannelBuilder.forTarget(target());
      if (threads != null) {
        threads.use(netty);
      }
      return endpoint.plaintext() ? netty.usePlaintext() : netty.sslContext(tls());
    }

    private String target() {
      try {
        // Encodes the brackets of an IPv6 address.
        return new URI("dns", "", "/" + endpoint.authority(), null).toString();
      } catch (URISyntaxException e) {
        throw new IllegalArgumentException("store " + endpoint + " is not an address", e);
      }
    }

    private SslContext tls() {
      try {
        SslContextBuilder builder = GrpcSslContexts.forClient();
        TrustManager[] trust = trustManagers();
        if (trust != null) {
          builder.trustManager(trust[0]);
        }
        KeyManager[] keys = keyManagers();
        if (keys != null) {
          builder.keyManager(keys[0]);
        }
        SslContext context = builder.build();
        if (trust != null || keys != null) {
          // A resumed session would skip the check of reloaded certificates.
          if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
            sessions.setSessionCacheEnabled(false);
          } else {
            context.sessionContext().setSessionTimeout(1);
          }
        }
        return context;
      } catch (SSLException e) {
        throw new IllegalArgumentException("TLS to store " + endpoint + " cannot be set up", e);
      }
    }
  }
}
