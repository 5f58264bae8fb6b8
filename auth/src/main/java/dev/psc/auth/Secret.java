package dev.psc.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The text of a token with its hash, compared in constant time. */
final class Secret {

  private final String text;
  private final byte[] sha256;

  Secret(String text) {
    this.text = text;
    try {
      sha256 =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }

  String text() {
    return text;
  }

  byte[] sha256() {
    return sha256.clone();
  }

  String fingerprint() {
    return HexFormat.of().formatHex(sha256, 0, 4);
  }

  boolean sameAs(Secret other) {
    return MessageDigest.isEqual(
        text.getBytes(StandardCharsets.US_ASCII), other.text.getBytes(StandardCharsets.US_ASCII));
  }

  /** Returns a hash of the hash, so that hash tables reveal nothing about the secret. */
  int hash() {
    return (sha256[4] & 0xff) << 24
        | (sha256[5] & 0xff) << 16
        | (sha256[6] & 0xff) << 8
        | (sha256[7] & 0xff);
  }

  @Override
  public String toString() {
    return "#" + fingerprint();
  }
}
