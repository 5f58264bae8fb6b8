package dev.psc.scrape.http;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads certificates and private keys as OpenSSL and Kubernetes write them. No message contains any
 * of a key.
 */
final class Pem {

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final byte[] RSA = {
    0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1
  };
  private static final byte[] EC = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
  private static final int SEQUENCE = 0x30;
  private static final int OID = 0x06;

  private Pem() {}

  /** Returns the certificates in their order; there is at least one. */
  static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
    List<X509Certificate> certificates = new ArrayList<>();
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    Matcher block = BLOCK.matcher(pem);
    while (block.find()) {
      if (block.group(1).endsWith("CERTIFICATE")) {
        Certificate certificate =
            factory.generateCertificate(new ByteArrayInputStream(base64(block.group(2))));
        certificates.add((X509Certificate) certificate);
      }
    }
    if (certificates.isEmpty()) {
      throw new CertificateException(
          "no certificate in it; expected PEM with -----BEGIN CERTIFICATE-----");
    }
    return certificates;
  }

  /**
   * Returns the private key: PKCS #8, or the older forms of RSA and EC keys that many tools still
   * write.
   *
   * @param algorithm of the certificate's public key
   */
  static PrivateKey privateKey(String pem, String algorithm) throws GeneralSecurityException {
    Matcher block = BLOCK.matcher(pem);
    while (block.find()) {
      byte[] der =
          switch (block.group(1)) {
            case "PRIVATE KEY" -> base64(block.group(2));
            case "RSA PRIVATE KEY" -> pkcs8(algorithm(RSA, new byte[] {5, 0}), plain(block));
            case "EC PRIVATE KEY" -> ecPkcs8(plain(block));
            case "ENCRYPTED PRIVATE KEY" -> throw encrypted();
            default -> null;
          };
      if (der != null) {
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException unusable) {
          // Not chained: who knows what of the key a provider's message shows.
          throw new GeneralSecurityException(
              "the private key is damaged, or not of the kind of the certificate's, which is "
                  + algorithm);
        }
      }
    }
    throw new GeneralSecurityException(
        "no private key in it; expected PEM with -----BEGIN PRIVATE KEY-----");
  }

  private static byte[] plain(Matcher block) throws GeneralSecurityException {
    if (block.group(2).contains("ENCRYPTED")) {
      throw encrypted();
    }
    return base64(block.group(2));
  }

  private static GeneralSecurityException encrypted() {
    return new GeneralSecurityException(
        "the private key has a password; take it off with openssl pkcs8 -topk8 -nocrypt");
  }

  private static byte[] base64(String text) throws GeneralSecurityException {
    try {
      return Base64.getMimeDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException malformed) {
      // Not chained: the decoder's message has a character of the key.
      throw new GeneralSecurityException("what stands between its BEGIN and END is not base64");
    }
  }

  /** {@code PrivateKeyInfo} of RFC 5208 around a key in its older form. */
  private static byte[] pkcs8(byte[] algorithm, byte[] key) {
    return der(SEQUENCE, new byte[] {2, 1, 0}, algorithm, der(4, key));
  }

  private static byte[] algorithm(byte[] oid, byte[] parameters) {
    return der(SEQUENCE, der(OID, oid), parameters);
  }

  /** An EC key (RFC 5915) names its curve in an element of its own, which PKCS #8 has outside. */
  private static byte[] ecPkcs8(byte[] key) throws GeneralSecurityException {
    for (int i = 0; i + 4 < key.length; i++) {
      int length = key[i + 3];
      if ((key[i] & 0xff) == 0xa0
          && key[i + 2] == OID
          && key[i + 1] == length + 2
          && i + 4 + length <= key.length) {
        return pkcs8(algorithm(EC, Arrays.copyOfRange(key, i + 2, i + 4 + length)), key);
      }
    }
    throw new GeneralSecurityException(
        "the EC private key does not name its curve; convert it with openssl pkcs8 -topk8 -nocrypt");
  }

  private static byte[] der(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    int header = length < 0x80 ? 2 : length < 0x100 ? 3 : 4;
    byte[] der = new byte[header + length];
    der[0] = (byte) tag;
    if (header == 2) {
      der[1] = (byte) length;
    } else {
      der[1] = (byte) (0x80 + header - 2);
      der[header - 1] = (byte) length;
      if (header == 4) {
        der[2] = (byte) (length >> 8);
      }
    }
    int at = header;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, der, at, part.length);
      at += part.length;
    }
    return der;
  }
}
