package dev.psc.testkit;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A generated certificate authority with the certificate of one server, by default for {@code
 * localhost}, {@code 127.0.0.1} and {@code ::1}. Valid from an hour ago for a year. The keys exist
 * in memory only. Immutable.
 */
public final class TestCertificates {

  private static final Duration LIFE = Duration.ofDays(365);
  private static final Duration CLOCK_SKEW = Duration.ofHours(1);

  private final X509Certificate authority;
  private final X509Certificate server;
  private final KeyPair serverKeys;

  private TestCertificates(X509Certificate authority, X509Certificate server, KeyPair serverKeys) {
    this.authority = authority;
    this.server = server;
    this.serverKeys = serverKeys;
  }

  /** Returns new keys and certificates for a server on this machine. */
  public static TestCertificates generate() {
    return generate(List.of("localhost"), List.of("127.0.0.1", "::1"));
  }

  /**
   * Returns new keys and certificates.
   *
   * @param names the DNS names of the server
   * @param addresses its IP addresses
   */
  public static TestCertificates generate(List<String> names, List<String> addresses) {
    try {
      SecureRandom random = new SecureRandom();
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      KeyPair authorityKeys = generator.generateKeyPair();
      KeyPair serverKeys = generator.generateKeyPair();
      X500Name issuer = new X500Name("CN=psc test authority");
      JcaX509v3CertificateBuilder root = builder(issuer, issuer, authorityKeys, random);
      root.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      root.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      JcaX509v3CertificateBuilder leaf =
          builder(issuer, new X500Name("CN=psc test server"), serverKeys, random);
      leaf.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
      leaf.addExtension(Extension.subjectAlternativeName, false, alternatives(names, addresses));
      return new TestCertificates(sign(root, authorityKeys), sign(leaf, authorityKeys), serverKeys);
    } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
      throw new IllegalStateException("cannot generate test certificates", e);
    }
  }

  private static GeneralNames alternatives(List<String> names, List<String> addresses) {
    return new GeneralNames(
        Stream.concat(
                names.stream().map(name -> new GeneralName(GeneralName.dNSName, name)),
                addresses.stream().map(ip -> new GeneralName(GeneralName.iPAddress, ip)))
            .toArray(GeneralName[]::new));
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, KeyPair keys, SecureRandom random) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(127, random).setBit(0),
        Date.from(now.minus(CLOCK_SKEW)),
        Date.from(now.plus(LIFE)),
        subject,
        keys.getPublic());
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair signer)
      throws GeneralSecurityException, OperatorCreationException {
    X509CertificateHolder signed =
        builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate()));
    return new JcaX509CertificateConverter().getCertificate(signed);
  }

  /** Returns the certificate of the authority, for clients to trust. */
  public X509Certificate authority() {
    return authority;
  }

  /** Returns the certificate of the authority as PEM, for clients to trust. */
  public String authorityPem() {
    return pem("CERTIFICATE", encoded(authority));
  }

  /** Returns the certificate of the server as PEM. */
  public String serverPem() {
    return pem("CERTIFICATE", encoded(server));
  }

  /** Returns the private key of the server as PEM (PKCS #8, not encrypted). */
  public String serverKeyPem() {
    return pem("PRIVATE KEY", serverKeys.getPrivate().getEncoded());
  }

  InputStream serverChain() {
    return stream(serverPem());
  }

  InputStream serverKey() {
    return stream(serverKeyPem());
  }

  private static InputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a generated certificate cannot be encoded", e);
    }
  }

  private static String pem(String kind, byte[] der) {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN " + kind + "-----\n" + lines + "\n-----END " + kind + "-----\n";
  }
}
