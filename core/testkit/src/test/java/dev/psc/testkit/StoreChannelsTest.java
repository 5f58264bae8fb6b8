package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.store.StoreChannels;
import dev.psc.store.proto.profilestore.ProfileStoreServiceGrpc;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.profilestore.WriteRawResponse;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSession;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StoreChannelsTest {

  @TempDir Path directory;
  private EmbeddedProfileStore store;
  private Path authority;

  @BeforeEach
  void start() {
    store = EmbeddedProfileStore.builder().start();
    authority = store.writeAuthority(directory.resolve("ca.pem"));
  }

  @AfterEach
  void stop() {
    store.close();
  }

  private StoreChannels.Builder trusting() {
    return StoreChannels.builder(store.address()).caFile(authority);
  }

  private Status write(StoreChannels.Builder builder) throws InterruptedException {
    ManagedChannel channel =
        builder
            .interceptor(
                PscAuthInterceptor.builder(TokenSource.fixed(store.token()), store.project())
                    .allowPlaintextOnLoopback()
                    .build())
            .build();
    return write(channel);
  }

  private static Status write(ManagedChannel channel) throws InterruptedException {
    try {
      Object unused =
          ProfileStoreServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .writeRaw(WriteRawRequest.getDefaultInstance());
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    } finally {
      channel.shutdownNow();
      assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void trustsTheAuthorityThatItIsGivenAndNoOther() throws Exception {
    assertThat(write(trusting())).isEqualTo(Status.OK);
    Status untrusted = write(StoreChannels.builder(store.address()));
    assertThat(untrusted.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(untrusted.getDescription())
        .contains("not signed by a trusted authority", "caFile (PSC_CA_FILE)")
        .doesNotContain("Pipeline");
  }

  @Test
  void checksTheNameInTheCertificate() throws Exception {
    Status wrong = write(trusting().serverName("store.example.com"));
    assertThat(wrong.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(wrong.getDescription()).contains("another name");
  }

  @Test
  void skipsTheCheckOnlyWhenTold() throws Exception {
    assertThat(write(StoreChannels.builder(store.address()).insecureSkipVerify()))
        .isEqualTo(Status.OK);
  }

  @Test
  void readsTheAuthorityAgainForEachHandshake() throws Exception {
    Files.writeString(authority, TestCertificates.generate().authorityPem());
    StoreChannels.Builder builder = trusting();
    assertThat(write(builder).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    ManagedChannel channel = trusting().build();
    Files.writeString(authority, store.authorityPem());
    // No token here: the store's complaint about it means that the handshake succeeded.
    assertThat(write(channel).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);

    ManagedChannel later = trusting().build();
    Files.writeString(authority, "half a certif");
    assertThat(write(later).getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void showsTheClientCertificateOfTheMoment() throws Exception {
    TestCertificates first = TestCertificates.generate();
    TestCertificates second = TestCertificates.generate();
    Path chain = Files.writeString(directory.resolve("client.pem"), first.serverPem());
    Path key = Files.writeString(directory.resolve("client.key"), first.serverKeyPem());
    List<String> shown = new CopyOnWriteArrayList<>();
    Server server = mutualTls(first, first.authorityPem() + second.authorityPem(), shown);
    try {
      Path ca = Files.writeString(directory.resolve("mutual.pem"), first.authorityPem());
      ManagedChannel channel =
          StoreChannels.builder("localhost:" + server.getPort())
              .caFile(ca)
              .clientCertificate(chain, key)
              .build();
      call(channel);
      // A pair that does not belong together must not be shown.
      Files.writeString(chain, second.serverPem());
      channel.enterIdle();
      call(channel);
      Files.writeString(key, second.serverKeyPem());
      channel.enterIdle();
      call(channel);
      channel.shutdownNow();
      assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
      String before = issuer(first);
      assertThat(shown).containsExactly(before, before, issuer(second));
    } finally {
      server.shutdownNow();
    }
  }

  private static String issuer(TestCertificates certificates) {
    return certificates.authority().getPublicKey().toString();
  }

  private static void call(ManagedChannel channel) {
    Object unused =
        ProfileStoreServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(30, TimeUnit.SECONDS)
            .writeRaw(WriteRawRequest.getDefaultInstance());
  }

  /** A store that requires client certificates, and records them. */
  private static Server mutualTls(TestCertificates own, String trusted, List<String> shown)
      throws IOException {
    ServerInterceptor keep =
        new ServerInterceptor() {
          @Override
          public <Q, R> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
            shown.add(signer(session, trusted));
            return next.startCall(call, headers);
          }
        };
    return Grpc.newServerBuilderForPort(
            0,
            TlsServerCredentials.newBuilder()
                .keyManager(stream(own.serverPem()), stream(own.serverKeyPem()))
                .trustManager(stream(trusted))
                .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                .build())
        .addService(
            ServerInterceptors.intercept(
                new ProfileStoreServiceGrpc.ProfileStoreServiceImplBase() {
                  @Override
                  public void writeRaw(
                      WriteRawRequest request, StreamObserver<WriteRawResponse> response) {
                    response.onNext(WriteRawResponse.getDefaultInstance());
                    response.onCompleted();
                  }
                },
                keep))
        .build()
        .start();
  }

  private static String signer(SSLSession session, String trusted) {
    try {
      X509Certificate peer = (X509Certificate) session.getPeerCertificates()[0];
      for (Certificate authority :
          CertificateFactory.getInstance("X.509").generateCertificates(stream(trusted))) {
        if (signed(authority.getPublicKey(), peer)) {
          return authority.getPublicKey().toString();
        }
      }
      return "nobody";
    } catch (GeneralSecurityException | IOException e) {
      return e.toString();
    }
  }

  private static boolean signed(PublicKey by, X509Certificate certificate)
      throws GeneralSecurityException {
    try {
      certificate.verify(by);
      return true;
    } catch (SignatureException | InvalidKeyException e) {
      return false;
    }
  }

  private static InputStream stream(String pem) {
    return new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void saysThatOneSideSpeaksTlsAndTheOtherDoesNot() throws Exception {
    Status toTls = write(StoreChannels.builder("http://" + store.address()));
    assertThat(toTls.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(toTls.getDescription()).contains("https://");
    try (EmbeddedProfileStore plain = EmbeddedProfileStore.builder().plaintext().start()) {
      Status toPlain = write(StoreChannels.builder(plain.address()));
      assertThat(toPlain.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(toPlain.getDescription()).contains("does not support TLS", "http://");
    }
  }

  @Test
  void saysThatAServerSpeaksHttp1OrIsNotThere() throws Exception {
    int port;
    try (ServerSocket http1 = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      port = http1.getLocalPort();
      Thread server =
          new Thread(
              () -> {
                try (Socket socket = http1.accept()) {
                  socket
                      .getOutputStream()
                      .write(
                          "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
                              .getBytes(StandardCharsets.US_ASCII));
                  socket.getOutputStream().flush();
                  socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      server.setDaemon(true);
      server.start();
      assertThat(write(StoreChannels.builder("http://localhost:" + port)).getDescription())
          .contains("does not respond in HTTP/2");
    }
    assertThat(write(StoreChannels.builder("http://localhost:" + port)).getDescription())
        .contains("nothing listens at localhost:" + port);
    assertThat(write(StoreChannels.builder("no-such-host.invalid:1")).getDescription())
        .contains("cannot be resolved");
  }

  @Test
  void goesThroughAProxyByConnect() throws Exception {
    try (HttpFrontDoor proxy = new HttpFrontDoor(0, store.port(), "")) {
      // A name that only the proxy can resolve shows that the store is not asked directly.
      StoreChannels.Builder through =
          StoreChannels.builder("store.invalid:443")
              .serverName("localhost")
              .caFile(authority)
              .proxyFromEnvironment(
                  Map.of("HTTPS_PROXY", "http://me:pw@127.0.0.1:" + proxy.port()));
      assertThat(write(through)).isEqualTo(Status.OK);
      assertThat(proxy.heads).first().asString().startsWith("CONNECT store.invalid:443 ");
      assertThat(proxy.heads)
          .first()
          .asString()
          .containsIgnoringCase("proxy-authorization: Basic ");
    }
  }

  @Test
  void refusesATokenOverPlaintextWhenTheChannelIsBuilt() {
    PscAuthInterceptor.Builder auth =
        PscAuthInterceptor.builder(TokenSource.fixed(store.token()), store.project());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> StoreChannels.builder("http://127.0.0.1:1").interceptor(auth.build()).build())
        .withMessageContainingAll(
            "in plaintext to store http://127.0.0.1:1", "set allowPlaintextToken")
        .withMessageNotContaining(store.token().reveal());
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                StoreChannels.builder("http://10.0.0.7:1")
                    .interceptor(auth.allowPlaintextOnLoopback().build())
                    .build())
        .withMessageContaining("allowPlaintextOnLoopback");
    assertThatIllegalArgumentException()
        .as("the proxy would read the token")
        .isThrownBy(
            () ->
                StoreChannels.builder("http://127.0.0.1:1")
                    .proxy("http://127.0.0.1:2")
                    .interceptor(auth.build())
                    .build())
        .withMessageContaining("without a proxy");
    for (String loopback : List.of("http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1")) {
      StoreChannels.builder(loopback).interceptor(auth.build()).build().shutdownNow();
    }
    StoreChannels.builder("http://10.0.0.7:1")
        .interceptor(auth.allowPlaintextToken().build())
        .build()
        .shutdownNow();
  }

  @Test
  void refusesSettingsThatContradictEachOther() throws Exception {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreChannels.builder("http://h").insecureSkipVerify().build())
        .withMessageContaining("plaintext");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trusting().insecureSkipVerify().build())
        .withMessageContaining("mutually exclusive");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> trusting().keepAlive(Duration.ofMinutes(4)))
        .withMessageContaining("too_many_pings");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StoreChannels.builder("h:1").caFile(directory.resolve("absent")).build())
        .withMessageContaining("absent");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> StoreChannels.builder("h:1").clientCertificate(authority, authority).build())
        .withMessageContaining("contains no private key");
    TestCertificates client = TestCertificates.generate();
    Path chain = Files.writeString(directory.resolve("chain.pem"), client.serverPem());
    Path key = Files.writeString(directory.resolve("sec1.key"), sec1(client.serverKeyPem()));
    StoreChannels.builder("h:1").clientCertificate(chain, key).build().shutdownNow();
    assertThatIllegalArgumentException().isThrownBy(() -> trusting().maxInboundMessageBytes(0));
    assertThatIllegalArgumentException().isThrownBy(() -> trusting().application("a\n"));
  }

  @Test
  void namesItsVersion() {
    assertThat(StoreChannels.userAgent()).matches("psc-java/[0-9][\\w.-]*");
  }

  /** Returns a PKCS #8 key in the form that {@code openssl ec} writes. */
  private static String sec1(String pem) throws IOException {
    String base64 = pem.replaceAll("-----.*-----", "").replaceAll("\\s", "");
    PrivateKeyInfo info = PrivateKeyInfo.getInstance(Base64.getDecoder().decode(base64));
    ECPrivateKey inner = ECPrivateKey.getInstance(info.parsePrivateKey());
    byte[] der =
        new ECPrivateKey(256, inner.getKey(), info.getPrivateKeyAlgorithm().getParameters())
            .getEncoded();
    return "-----BEGIN EC PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(der)
        + "\n-----END EC PRIVATE KEY-----\n";
  }
}
