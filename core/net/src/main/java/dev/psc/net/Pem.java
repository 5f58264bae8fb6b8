package dev.psc.net;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
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
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** A parser of certificates and private keys in PEM. No message contains any part of a key. */
public final class Pem {

  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \\1-----", Pattern.DOTALL);
  private static final byte[] RSA = {
    0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1
  };
  private static final byte[] EC = {0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 2, 1};
  private static final int SEQUENCE = 0x30;
  private static final int OID = 0x06;
  private static final int CURVE = 0xa0;
  private static final String CONVERT = "convert it with openssl pkcs8 -topk8 -nocrypt";

  private Pem() {}

  /**
   * Returns the certificates, at least one, in order.
   *
   * @throws GeneralSecurityException if the text has no certificate or a damaged one
   */
  public static List<X509Certificate> certificates(String pem) throws GeneralSecurityException {
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
          "contains no certificate; expected PEM with -----BEGIN CERTIFICATE-----");
    }
    return certificates;
  }

  /**
   * Returns a trust manager that trusts only the certificates of a text.
   *
   * @throws GeneralSecurityException if the text has no certificate or a damaged one
   */
  public static X509ExtendedTrustManager trustManager(String pem) throws GeneralSecurityException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      for (X509Certificate authority : certificates(pem)) {
        store.setCertificateEntry("authority-" + store.size(), authority);
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      for (TrustManager manager : factory.getTrustManagers()) {
        if (manager instanceof X509ExtendedTrustManager extended) {
          return extended;
        }
      }
    } catch (IOException unreadable) {
      throw new GeneralSecurityException(unreadable);
    }
    throw new GeneralSecurityException("this Java runtime has no X.509 trust manager");
  }

  /**
   * Returns the private key of a certificate: PKCS #8, or the older forms of RSA (PKCS #1) and EC
   * (SEC 1) keys.
   *
   * @throws GeneralSecurityException if the text has no private key, one that is encrypted or
   *     damaged, or the key of another certificate
   */
  public static PrivateKey privateKey(String pem, X509Certificate certificate)
      throws GeneralSecurityException {
    PublicKey publicKey = certificate.getPublicKey();
    PrivateKey key = privateKey(pem, publicKey.getAlgorithm());
    if (!belongTogether(publicKey, key)) {
      throw new GeneralSecurityException("the private key does not belong to the certificate");
    }
    return key;
  }

  private static boolean belongTogether(PublicKey publicKey, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm =
        switch (publicKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> publicKey.getAlgorithm();
        };
    byte[] probe = {1, 2, 3};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(probe);
    byte[] signature = signer.sign();
    signer.initVerify(publicKey);
    signer.update(probe);
    return signer.verify(signature);
  }

  /**
   * Returns a private key without comparing it with a certificate.
   *
   * @param algorithm the kind of the key, e.g. {@code RSA}
   * @throws GeneralSecurityException as for {@link #privateKey(String, X509Certificate)}
   */
  public static PrivateKey privateKey(String pem, String algorithm)
      throws GeneralSecurityException {
    Matcher block = BLOCK.matcher(pem);
    while (block.find()) {
      String kind = block.group(1);
      if (kind.equals("PRIVATE KEY") || kind.endsWith(" PRIVATE KEY")) {
        byte[] der =
            switch (kind) {
              case "PRIVATE KEY" -> base64(block.group(2));
              case "RSA PRIVATE KEY" -> pkcs8(algorithm(RSA, new byte[] {5, 0}), plain(block));
              case "EC PRIVATE KEY" -> ecPkcs8(plain(block));
              case "ENCRYPTED PRIVATE KEY" -> throw encrypted();
              default ->
                  throw new GeneralSecurityException(
                      "the key format " + kind + " is not supported; " + CONVERT);
            };
        try {
          return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
        } catch (GeneralSecurityException unusable) {
          // Not chained: a provider's message may show a part of the key.
          throw new GeneralSecurityException(
              "the private key is damaged, or not of the certificate's algorithm, which is "
                  + algorithm);
        }
      }
    }
    throw new GeneralSecurityException(
        "contains no private key; expected PEM with -----BEGIN PRIVATE KEY-----");
  }

  private static byte[] plain(Matcher block) throws GeneralSecurityException {
    if (block.group(2).contains("ENCRYPTED")) {
      throw encrypted();
    }
    return base64(block.group(2));
  }

  private static GeneralSecurityException encrypted() {
    return new GeneralSecurityException(
        "the private key is encrypted with a password; remove it with openssl pkcs8 -topk8"
            + " -nocrypt");
  }

  private static byte[] base64(String text) throws GeneralSecurityException {
    try {
      return Base64.getMimeDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException malformed) {
      // Not chained: the decoder's message has a character of the key.
      throw new GeneralSecurityException("the text between BEGIN and END is not base64");
    }
  }

  /** {@code PrivateKeyInfo} of RFC 5208 around a key in its older form. */
  private static byte[] pkcs8(byte[] algorithm, byte[] key) {
    return der(SEQUENCE, new byte[] {2, 1, 0}, algorithm, der(4, key));
  }

  private static byte[] algorithm(byte[] oid, byte[] parameters) {
    return der(SEQUENCE, der(OID, oid), parameters);
  }

  /**
   * Returns an EC key (RFC 5915: version, key, [0] curve, [1] public key) as PKCS #8, which has the
   * curve outside of the key.
   */
  private static byte[] ecPkcs8(byte[] key) throws GeneralSecurityException {
    try {
      int curve = end(key, end(key, content(key, 0)));
      if (curve < key.length && (key[curve] & 0xff) == CURVE) {
        byte[] parameters = Arrays.copyOfRange(key, content(key, curve), end(key, curve));
        return pkcs8(algorithm(EC, parameters), key);
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException truncated) {
      throw new GeneralSecurityException("the EC private key is damaged");
    }
    throw new GeneralSecurityException("the EC private key does not name its curve; " + CONVERT);
  }

  /** Returns where the content of a DER element begins. */
  private static int content(byte[] der, int at) {
    return at + 2 + (der[at + 1] < 0 ? der[at + 1] & 0x7f : 0);
  }

  /** Returns where a DER element ends. */
  private static int end(byte[] der, int at) {
    int content = content(der, at);
    int length = content == at + 2 ? der[at + 1] : 0;
    for (int i = at + 2; i < content; i++) {
      length = (length << 8) | (der[i] & 0xff);
    }
    return content + length;
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
