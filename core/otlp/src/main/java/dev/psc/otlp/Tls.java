package dev.psc.otlp;

import dev.psc.net.Pem;
import dev.psc.net.TrustAll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS contexts of the HTTP client. No message contains any part of a key. */
final class Tls {

  private Tls() {}

  /**
   * Returns the context of settings.
   *
   * @throws IllegalArgumentException if a file cannot be used; the message has its path
   */
  static SSLContext context(OtlpSettings settings) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers(settings), trustManagers(settings), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("TLS settings cannot be used: " + e.getMessage(), e);
    }
  }

  private static TrustManager @Nullable [] trustManagers(OtlpSettings settings)
      throws GeneralSecurityException {
    if (settings.insecureSkipVerify()) {
      return new TrustManager[] {new TrustAll()};
    }
    Path file = settings.caFile();
    return file == null ? null : new TrustManager[] {Pem.trustManager(read(file))};
  }

  private static KeyManager @Nullable [] keyManagers(OtlpSettings settings)
      throws GeneralSecurityException {
    Path chainFile = settings.clientChain();
    Path keyFile = settings.clientKey();
    if (chainFile == null || keyFile == null) {
      return null;
    }
    List<X509Certificate> chain = Pem.certificates(read(chainFile));
    PrivateKey key = Pem.privateKey(read(keyFile), chain.get(0));
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry("client", key, new char[0], chain.toArray(Certificate[]::new));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, new char[0]);
      return factory.getKeyManagers();
    } catch (IOException e) {
      throw new GeneralSecurityException("an empty key store cannot be loaded", e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot read " + file + ": " + e, e);
    }
  }
}
