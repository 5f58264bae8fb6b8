package dev.psc.scrape.internal.tls;

import java.nio.charset.StandardCharsets;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.util.List;
import java.util.function.BiFunction;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * A context whose engines ask servers for a given name and expect its certificate: that of {@code
 * server_name}, or the one that an address represents. The JDK's client takes the URL's host for
 * both and has no setting for it.
 */
final class NamedSslContext extends SSLContextSpi {

  private final SSLContext context;
  private final BiFunction<String, Integer, String> names;

  private NamedSslContext(SSLContext context, BiFunction<String, Integer, String> names) {
    this.context = context;
    this.names = names;
  }

  /**
   * Returns a context whose engines ask for a name.
   *
   * @throws IllegalArgumentException when no server can have this name
   */
  static SSLContext of(SSLContext context, String name) {
    List<SNIServerName> unused = asked(name);
    return of(context, (host, port) -> name);
  }

  /** Returns a context whose engines ask for the name that an address is pinned to. */
  static SSLContext of(SSLContext context, PinnedNames names) {
    return of(context, (host, port) -> names.name(host, port).orElse(host));
  }

  private static SSLContext of(SSLContext context, BiFunction<String, Integer, String> names) {
    return new SSLContext(
        new NamedSslContext(context, names), context.getProvider(), context.getProtocol()) {};
  }

  /** An address is checked, but not asked for: RFC 6066 has names only. */
  private static List<SNIServerName> asked(String name) {
    if (isAddress(name)) {
      return List.of();
    }
    // From a text, the class takes no underscore.
    return List.of(
        name.indexOf('_') < 0
            ? new SNIHostName(name)
            : new SNIHostName(name.getBytes(StandardCharsets.US_ASCII)));
  }

  static boolean isAddress(String name) {
    return name.indexOf(':') >= 0 || name.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  @Override
  protected void engineInit(
      KeyManager @Nullable [] keys, TrustManager @Nullable [] trust, @Nullable SecureRandom random)
      throws KeyManagementException {
    throw new KeyManagementException("initialized already");
  }

  @Override
  protected SSLEngine engineCreateSSLEngine() {
    return engineCreateSSLEngine("", -1);
  }

  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    String name = names.apply(host, port);
    return new NamedSslEngine(context.createSSLEngine(name, port), asked(name));
  }

  @Override
  protected SSLSocketFactory engineGetSocketFactory() {
    throw new UnsupportedOperationException("only engines have the name");
  }

  @Override
  protected SSLServerSocketFactory engineGetServerSocketFactory() {
    throw new UnsupportedOperationException("for clients only");
  }

  @Override
  protected SSLSessionContext engineGetServerSessionContext() {
    return context.getServerSessionContext();
  }

  @Override
  protected SSLSessionContext engineGetClientSessionContext() {
    return context.getClientSessionContext();
  }

  @Override
  protected SSLParameters engineGetDefaultSSLParameters() {
    return context.getDefaultSSLParameters();
  }

  @Override
  protected SSLParameters engineGetSupportedSSLParameters() {
    return context.getSupportedSSLParameters();
  }
}
