package dev.psc.scrape.http;

import java.util.List;
import java.util.Optional;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;

/**
 * The TLS settings of a client. Each PEM text may come from a file, which is reloaded when it
 * changes. Immutable.
 *
 * @param ca certificates to trust instead of the JDK's
 * @param certificate the client certificate chain
 * @param key the private key of the client certificate
 * @param serverName the name to send and to verify instead of the URL's host
 * @param insecureSkipVerify whether to accept any certificate
 * @param minVersion the oldest TLS version: {@code TLS10} to {@code TLS13}; {@code TLS12} without
 * @param maxVersion the newest TLS version: {@code TLS10} to {@code TLS13}; {@code TLS13} without
 */
public record TlsSettings(
    Optional<SecretSource> ca,
    Optional<SecretSource> certificate,
    Optional<SecretSource> key,
    Optional<String> serverName,
    boolean insecureSkipVerify,
    Optional<String> minVersion,
    Optional<String> maxVersion) {

  /** The JDK's certificates and no client certificate. */
  public static final TlsSettings DEFAULT =
      new TlsSettings(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          false,
          Optional.empty(),
          Optional.empty());

  /** Checks that a certificate and its key come together, and the versions. */
  public TlsSettings {
    serverName.ifPresent(TlsSettings::checkName);
    TlsVersion.check("min_version", minVersion);
    TlsVersion.check("max_version", maxVersion);
    if (TlsVersion.protocols(minVersion, maxVersion).isEmpty()) {
      throw new IllegalArgumentException(
          "no TLS version is left between min_version "
              + minVersion.orElse("TLS12, the default,")
              + " and max_version "
              + maxVersion.orElse("TLS13, the default"));
    }
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "a client certificate needs cert (or cert_file) and key (or key_file), both");
    }
  }

  /** Returns the JDK's names of the accepted TLS versions, the newest first. */
  public List<String> protocols() {
    return TlsVersion.protocols(minVersion, maxVersion);
  }

  private static void checkName(String name) {
    if (name.indexOf(':') >= 0) {
      // An IPv6 address, which is compared with the certificate and not sent as a name.
      return;
    }
    try {
      SNIServerName unused = new SNIHostName(name);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "server_name \"" + name + "\" is not a valid host name", e);
    }
  }
}
