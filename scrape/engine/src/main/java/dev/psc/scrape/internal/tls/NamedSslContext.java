package dev.psc.scrape.internal.tls;

import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.util.List;
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
 * {@code server_name}: asks every server for one name, and expects its certificate. The JDK's
 * client takes the URL's host for both and has no setting for it, so its engines are made for the
 * name here, and keep it.
 */
final class NamedSslContext extends SSLContextSpi {

  private final SSLContext context;
  private final String name;
  private final List<SNIServerName> asked;

  private NamedSslContext(SSLContext context, String name) {
    this.context = context;
    this.name = name;
    // An address is checked, but not asked for: RFC 6066 has names only.
    this.asked = isAddress(name) ? List.of() : List.of(new SNIHostName(name));
  }

  /**
   * Returns a context whose engines ask for a name.
   *
   * @throws IllegalArgumentException when no server can have this name
   */
  static SSLContext of(SSLContext context, String name) {
    return new SSLContext(
        new NamedSslContext(context, name), context.getProvider(), context.getProtocol()) {};
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
    return engineCreateSSLEngine(name, -1);
  }

  @Override
  protected SSLEngine engineCreateSSLEngine(String host, int port) {
    return new NamedSslEngine(context.createSSLEngine(name, port), asked);
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
