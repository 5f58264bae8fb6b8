package dev.psc.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PemTest {

  private static String pem(String kind, byte[] der) {
    return "Bag Attributes: none\n-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  private static KeyPair keys(String algorithm, int size) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
    generator.initialize(size);
    return generator.generateKeyPair();
  }

  @ParameterizedTest
  @ValueSource(ints = {1024, 2048})
  void readsBothFormsOfRsaKeys(int size) throws Exception {
    KeyPair keys = keys("RSA", size);
    byte[] der = keys.getPrivate().getEncoded();
    byte[] older = PrivateKeyInfo.getInstance(der).parsePrivateKey().toASN1Primitive().getEncoded();
    assertThat(Pem.privateKey(pem("PRIVATE KEY", der), "RSA")).isEqualTo(keys.getPrivate());
    assertThat(Pem.privateKey(pem("RSA PRIVATE KEY", older), "RSA")).isEqualTo(keys.getPrivate());
  }

  @ParameterizedTest
  @CsvSource({"256, 1.2.840.10045.3.1.7", "384, 1.3.132.0.34", "521, 1.3.132.0.35"})
  void readsBothFormsOfEcKeys(int size, String curve) throws Exception {
    assertThat(SECObjectIdentifiers.secp384r1.getId()).isEqualTo("1.3.132.0.34");
    KeyPair keys = keys("EC", size);
    ECPrivateKey key = (ECPrivateKey) keys.getPrivate();
    byte[] older =
        new org.bouncycastle.asn1.sec.ECPrivateKey(
                size, key.getS(), new ASN1ObjectIdentifier(curve))
            .getEncoded();
    String pem = pem("EC PARAMETERS", new byte[] {6, 1, 1}) + pem("EC PRIVATE KEY", older);
    assertThat(((ECPrivateKey) Pem.privateKey(pem, "EC")).getS()).isEqualTo(key.getS());
    assertThat(Pem.privateKey(pem("PRIVATE KEY", key.getEncoded()), "EC")).isEqualTo(key);
  }

  @Test
  void refusesKeysOfOtherFormsWithWhatToDo() {
    assertThatThrownBy(() -> Pem.privateKey(pem("OPENSSH PRIVATE KEY", new byte[] {1}), "EC"))
        .hasMessageContaining("OPENSSH PRIVATE KEY is not supported")
        .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
    assertThatThrownBy(() -> Pem.privateKey(pem("ENCRYPTED PRIVATE KEY", new byte[] {1}), "EC"))
        .hasMessageContaining("encrypted")
        .hasMessageContaining("openssl pkcs8 -topk8 -nocrypt");
  }

  @Test
  void refusesDamagedEcKeysWhereverTheyEnd() throws Exception {
    ECPrivateKey key = (ECPrivateKey) keys("EC", 256).getPrivate();
    byte[] whole =
        new org.bouncycastle.asn1.sec.ECPrivateKey(
                256, key.getS(), new ASN1ObjectIdentifier("1.2.840.10045.3.1.7"))
            .getEncoded();
    for (int length = 0; length < whole.length; length++) {
      String pem = pem("EC PRIVATE KEY", Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Pem.privateKey(pem, "EC"))
          .isInstanceOf(GeneralSecurityException.class)
          .hasNoCause();
    }
    byte[] curveless = new org.bouncycastle.asn1.sec.ECPrivateKey(256, key.getS()).getEncoded();
    assertThatThrownBy(() -> Pem.privateKey(pem("EC PRIVATE KEY", curveless), "EC"))
        .hasMessageContaining("does not name its curve");
  }

  @ParameterizedTest
  @CsvSource({"RSA, 2048", "EC, 256", "EC, 384"})
  void refusesTheKeyOfAnotherCertificate(String algorithm, int size) throws Exception {
    KeyPair own = keys(algorithm, size);
    KeyPair other = keys(algorithm, size);
    X509Certificate certificate = certificate(own, algorithm.equals("RSA") ? "RSA" : "ECDSA");
    String pem = pem("PRIVATE KEY", own.getPrivate().getEncoded());
    assertThat(Pem.privateKey(pem, certificate)).isEqualTo(own.getPrivate());
    String wrong = pem("PRIVATE KEY", other.getPrivate().getEncoded());
    assertThatThrownBy(() -> Pem.privateKey(wrong, certificate))
        .hasMessage("the private key does not belong to the certificate");
  }

  private static X509Certificate certificate(KeyPair keys, String algorithm) throws Exception {
    X500Name name = new X500Name("CN=test");
    Date from = Date.from(Instant.now().minusSeconds(60));
    Date to = Date.from(Instant.now().plusSeconds(3600));
    byte[] der =
        new JcaX509v3CertificateBuilder(name, BigInteger.ONE, from, to, name, keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256with" + algorithm).build(keys.getPrivate()))
            .getEncoded();
    String text = "a comment\r\n" + pem("CERTIFICATE", der).replace("\n", "\r\n");
    assertThat(Pem.certificates(text + pem("CERTIFICATE", der))).hasSize(2);
    return Pem.certificates(text).get(0);
  }

  @Test
  void saysWhatIsWrongWithoutShowingTheKey() throws Exception {
    String der = Base64.getEncoder().encodeToString(keys("EC", 256).getPrivate().getEncoded());
    String half =
        "-----BEGIN PRIVATE KEY-----\n" + der.substring(0, 40) + "\n-----END PRIVATE KEY-----";
    assertThatThrownBy(() -> Pem.privateKey(half, "EC"))
        .hasMessageContaining("damaged")
        .hasNoCause()
        .satisfies(e -> assertThat(e.toString()).doesNotContain(der.substring(0, 10)));
    assertThatThrownBy(
            () ->
                Pem.privateKey(
                    "-----BEGIN PRIVATE KEY-----\n????%\n-----END PRIVATE KEY-----", "EC"))
        .hasNoCause();
    assertThatThrownBy(
            () ->
                Pem.privateKey(
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nabcd\n-----END RSA PRIVATE KEY-----",
                    "RSA"))
        .hasMessageContaining("openssl pkcs8");
    assertThatThrownBy(() -> Pem.privateKey("hello", "EC"))
        .hasMessageContaining("BEGIN PRIVATE KEY");
    assertThatThrownBy(
            () -> Pem.certificates("-----BEGIN CERTIFICATE-----\nabcd\n-----END CERTIFICATE-----"))
        .isInstanceOf(java.security.cert.CertificateException.class);
  }
}
