package dev.psc.scrape.internal.tls;

import dev.psc.net.Pem;
import dev.psc.net.TrustAll;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * The current PEM texts of TLS settings: equal texts make equal clients. Immutable; prints without
 * them.
 */
public final class TlsMaterial {

  /** Reads the text of a secret. */
  @FunctionalInterface
  public interface Reader {

    /**
     * Returns the text without white space around it.
     *
     * @param what the setting, for messages
     * @param failure the class of a failure
     */
    public String read(SecretSource source, String what, ScrapeOutcome failure) throws HttpFailure;
  }

  static final TlsMaterial NONE = new TlsMaterial(null, null, null);

  private static final char[] NO_PASSWORD = new char[0];

  private final @Nullable String ca;
  private final @Nullable String certificate;
  private final @Nullable String key;

  private TlsMaterial(@Nullable String ca, @Nullable String certificate, @Nullable String key) {
    this.ca = ca;
    this.certificate = certificate;
    this.key = key;
  }

  public static TlsMaterial read(TlsSettings tls, Reader files) throws HttpFailure {
    return new TlsMaterial(
        text(tls.ca(), "tls_config.ca", files),
        text(tls.certificate(), "tls_config.cert", files),
        text(tls.key(), "tls_config.key", files));
  }

  private static @Nullable String text(Optional<SecretSource> source, String what, Reader files)
      throws HttpFailure {
    return source.isEmpty() ? null : files.read(source.get(), what, ScrapeOutcome.TLS);
  }

  /** Returns a context with this material and the settings; the failure states the problem. */
  public SSLContext context(TlsSettings tls) throws HttpFailure {
    return context(
        tls,
        context ->
            tls.serverName().isPresent()
                ? NamedSslContext.of(context, tls.serverName().get())
                : context);
  }

  /** Returns a context that expects, at addresses, the names that they are pinned to. */
  public SSLContext context(TlsSettings tls, PinnedNames names) throws HttpFailure {
    return context(tls, context -> NamedSslContext.of(context, names));
  }

  private SSLContext context(TlsSettings tls, UnaryOperator<SSLContext> named) throws HttpFailure {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers(tls), trustManagers(tls), null);
      return named.apply(context);
    } catch (GeneralSecurityException | IOException e) {
      throw new HttpFailure(ScrapeOutcome.TLS, "tls_config: " + e.getMessage(), e);
    }
  }

  private KeyManager @Nullable [] keyManagers(TlsSettings tls)
      throws GeneralSecurityException, IOException, HttpFailure {
    if (certificate == null || key == null) {
      return null;
    }
    List<X509Certificate> chain;
    PrivateKey privateKey;
    try {
      chain = Pem.certificates(certificate);
    } catch (GeneralSecurityException e) {
      throw unusable("cert", tls.certificate(), e);
    }
    try {
      privateKey = Pem.privateKey(key, chain.get(0));
    } catch (GeneralSecurityException unusable) {
      throw unusable("key", tls.key(), unusable);
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("client", privateKey, NO_PASSWORD, chain.toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, NO_PASSWORD);
    return factory.getKeyManagers();
  }

  private TrustManager @Nullable [] trustManagers(TlsSettings tls) throws HttpFailure {
    if (tls.insecureSkipVerify()) {
      return new TrustManager[] {new TrustAll()};
    }
    if (ca == null) {
      return null;
    }
    try {
      return new TrustManager[] {Pem.trustManager(ca)};
    } catch (GeneralSecurityException e) {
      throw unusable("ca", tls.ca(), e);
    }
  }

  private static HttpFailure unusable(
      String key, Optional<SecretSource> source, GeneralSecurityException why) {
    String where =
        source.flatMap(SecretSource::file).map(file -> key + "_file " + file).orElse(key);
    return new HttpFailure(ScrapeOutcome.TLS, "tls_config." + where + ": " + why.getMessage(), why);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TlsMaterial that
        && Objects.equals(ca, that.ca)
        && Objects.equals(certificate, that.certificate)
        && Objects.equals(key, that.key);
  }

  @Override
  public int hashCode() {
    return Objects.hash(ca, certificate);
  }

  @Override
  public String toString() {
    return "TlsMaterial[]";
  }
}
