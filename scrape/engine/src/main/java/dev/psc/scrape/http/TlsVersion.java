package dev.psc.scrape.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** TLS versions by their names in a configuration. */
enum TlsVersion {
  TLS10("TLSv1"),
  TLS11("TLSv1.1"),
  TLS12("TLSv1.2"),
  TLS13("TLSv1.3");

  private final String protocol;

  TlsVersion(String protocol) {
    this.protocol = protocol;
  }

  /** Returns the JDK's names of the versions between two, the newest first. */
  static List<String> protocols(Optional<String> min, Optional<String> max) {
    TlsVersion oldest = min.map(TlsVersion::valueOf).orElse(TLS12);
    TlsVersion newest = max.map(TlsVersion::valueOf).orElse(TLS13);
    List<String> protocols = new ArrayList<>();
    for (TlsVersion version : values()) {
      if (version.compareTo(oldest) >= 0 && version.compareTo(newest) <= 0) {
        protocols.add(0, version.protocol);
      }
    }
    return protocols;
  }

  /**
   * Checks a name.
   *
   * @throws IllegalArgumentException when there is no such version
   */
  static void check(String setting, Optional<String> name) {
    if (name.isPresent()) {
      for (TlsVersion version : values()) {
        if (version.name().equals(name.get())) {
          return;
        }
      }
      throw new IllegalArgumentException(
          setting + " must be one of TLS10, TLS11, TLS12, TLS13, but was \"" + name.get() + "\"");
    }
  }
}
