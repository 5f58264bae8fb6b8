package dev.psc.store;

import dev.psc.net.Pem;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A trust manager that reads its PEM file for each handshake, so that it needs no thread and misses
 * no change. Handshakes are rare and the file is small.
 */
final class ReloadingTrustManager extends X509ExtendedTrustManager {

  private static final Logger logger = LoggerFactory.getLogger(ReloadingTrustManager.class);

  private record Loaded(String pem, X509ExtendedTrustManager manager) {}

  private final Path path;
  private volatile Loaded loaded;

  ReloadingTrustManager(Path path) {
    this.path = path;
    try {
      loaded = load(Files.readString(path, StandardCharsets.ISO_8859_1));
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "trusted certificates " + path + " cannot be used: " + reason(e), e);
    }
  }

  /** Returns the problem of a file, in words if the class of the exception determines it. */
  static String reason(Exception e) {
    return e instanceof NoSuchFileException missing
        ? "file not found: " + missing.getFile()
        : e instanceof AccessDeniedException denied
            ? "permission denied for " + denied.getFile()
            : String.valueOf(e.getMessage());
  }

  private static Loaded load(String pem) throws GeneralSecurityException {
    return new Loaded(pem, Pem.trustManager(pem));
  }

  private X509ExtendedTrustManager current() {
    Loaded last = loaded;
    try {
      String pem = Files.readString(path, StandardCharsets.ISO_8859_1);
      if (!pem.equals(last.pem)) {
        last = load(pem);
        loaded = last;
        logger.info("Trusted certificates {} were reloaded", path);
      }
    } catch (IOException | GeneralSecurityException e) {
      logger.warn(
          "Trusted certificates {} cannot be used; the last good ones stay in use", path, e);
    }
    return last.manager;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    current().checkServerTrusted(chain, authType, engine);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    current().checkServerTrusted(chain, authType, socket);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    current().checkServerTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    current().checkClientTrusted(chain, authType, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    current().checkClientTrusted(chain, authType, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    current().checkClientTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return loaded.manager.getAcceptedIssuers();
  }
}
