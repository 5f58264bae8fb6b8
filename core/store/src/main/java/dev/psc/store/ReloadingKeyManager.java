package dev.psc.store;

import dev.psc.net.Pem;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key manager that reads its two PEM files for each handshake, see {@link ReloadingTrustManager}.
 * Each content has a new alias, since TLS engines cache keys by alias.
 */
final class ReloadingKeyManager extends X509ExtendedKeyManager {

  private static final Logger logger = LoggerFactory.getLogger(ReloadingKeyManager.class);

  /** The content of both files. Not a record, which would print the key. */
  private static final class Loaded {

    final String alias;
    final String chainPem;
    final String keyPem;
    final X509Certificate[] chain;
    final PrivateKey key;

    Loaded(String alias, String chainPem, String keyPem, X509Certificate[] chain, PrivateKey key) {
      this.alias = alias;
      this.chainPem = chainPem;
      this.keyPem = keyPem;
      this.chain = chain;
      this.key = key;
    }
  }

  private final Path chainPath;
  private final Path keyPath;
  private volatile Loaded loaded;
  // A handshake that began with the previous pair still requests it by alias.
  private volatile @Nullable Loaded before;

  ReloadingKeyManager(Path chainPath, Path keyPath) {
    this.chainPath = chainPath;
    this.keyPath = keyPath;
    try {
      loaded = load(0, read(chainPath), read(keyPath));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "client certificate "
              + chainPath
              + " with key "
              + keyPath
              + " cannot be used: "
              + ReloadingTrustManager.reason(e),
          e);
    }
  }

  private static Loaded load(int number, String chainPem, String keyPem)
      throws GeneralSecurityException {
    List<X509Certificate> chain = Pem.certificates(chainPem);
    // The files are replaced one after the other: in between, the key is of another certificate.
    PrivateKey key = Pem.privateKey(keyPem, chain.get(0));
    return new Loaded(
        "psc-" + number, chainPem, keyPem, chain.toArray(X509Certificate[]::new), key);
  }

  private static String read(Path path) throws IOException {
    return Files.readString(path, StandardCharsets.ISO_8859_1);
  }

  private synchronized String currentAlias() {
    // Synchronized, so that no alias is used twice.
    Loaded last = loaded;
    try {
      String chainPem = read(chainPath);
      String keyPem = read(keyPath);
      if (!chainPem.equals(last.chainPem) || !keyPem.equals(last.keyPem)) {
        int number = Integer.parseInt(last.alias.substring("psc-".length()));
        Loaded fresh = load(number + 1, chainPem, keyPem);
        before = last;
        loaded = fresh;
        last = fresh;
        logger.info("Client certificate {} was reloaded", chainPath);
      }
    } catch (IOException | GeneralSecurityException e) {
      logger.warn(
          "Client certificate {} with key {} cannot be used; the last good pair stays in use",
          chainPath,
          keyPath,
          e);
    }
    return last.alias;
  }

  private @Nullable Loaded of(String alias) {
    Loaded current = loaded;
    if (current.alias.equals(alias)) {
      return current;
    }
    Loaded earlier = before;
    return earlier != null && earlier.alias.equals(alias) ? earlier : null;
  }

  @Override
  public String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return currentAlias();
  }

  @Override
  public String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return currentAlias();
  }

  @Override
  public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return new String[] {loaded.alias};
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Loaded pair = of(alias);
    return pair == null ? null : pair.chain.clone();
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Loaded pair = of(alias);
    return pair == null ? null : pair.key;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return null;
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }
}
