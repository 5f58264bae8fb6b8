package dev.psc.scrape.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.ECPrivateKey;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
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
