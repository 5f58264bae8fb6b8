package dev.psc.store;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Certificates and private keys as PEM. No message contains any of a key. */
final class Pem {

  private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
  private static final String KEY_END = "-----END PRIVATE KEY-----";

  private Pem() {}

  static List<X509Certificate> certificates(byte[] pem) throws GeneralSecurityException {
    List<X509Certificate> certificates = new ArrayList<>();
    for (Certificate certificate :
        CertificateFactory.getInstance("X.509")
            .generateCertificates(new ByteArrayInputStream(pem))) {
      certificates.add((X509Certificate) certificate);
    }
    if (certificates.isEmpty()) {
      throw new GeneralSecurityException("no certificate in it: expected PEM");
    }
    return certificates;
  }

  static PrivateKey privateKey(byte[] pem, String algorithm) throws GeneralSecurityException {
    String text = new String(pem, StandardCharsets.US_ASCII);
    int begin = text.indexOf(KEY_BEGIN);
    int end = text.indexOf(KEY_END);
    if (begin < 0 || end < begin) {
      if (text.contains("ENCRYPTED")) {
        throw new GeneralSecurityException(
            "the private key has a password: take it off with openssl pkcs8 -topk8 -nocrypt");
      }
      throw new GeneralSecurityException(
          text.contains("PRIVATE KEY-----")
              ? "the private key is not PKCS#8: convert it with openssl pkcs8 -topk8 -nocrypt"
              : "no private key in it: expected PEM that begins with " + KEY_BEGIN);
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(text.substring(begin + KEY_BEGIN.length(), end));
    } catch (IllegalArgumentException e) {
      // Not chained: the decoder's message has a character of the key.
      throw new GeneralSecurityException("the private key is not base64");
    }
    return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
  }
}
