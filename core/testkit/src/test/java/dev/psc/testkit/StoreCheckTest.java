package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.store.StoreChannels;
import dev.psc.store.StoreCheck;
import dev.psc.store.StoreCheckStep;
import dev.psc.store.StoreCheckStep.Name;
import dev.psc.store.StoreCheckStep.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class StoreCheckTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  @TempDir Path directory;
  private EmbeddedProfileStore store;
  private Path tokenFile;
  private Path authority;

  @BeforeEach
  void start() throws IOException {
    store = EmbeddedProfileStore.builder().start();
    authority = store.writeAuthority(directory.resolve("ca.pem"));
    tokenFile = Files.writeString(directory.resolve("token"), store.token().reveal() + "\n");
  }

  @AfterEach
  void stop() {
    store.close();
  }

  private StoreChannels.Builder tls() {
    return StoreChannels.builder(store.address()).caFile(authority);
  }

  private StoreCheck.Builder check(Supplier<StoreChannels.Builder> channels) {
    return StoreCheck.builder(channels)
        .tokenFile(tokenFile)
        .projectId(store.project().value())
        .timeout(TIMEOUT);
  }

  /** Asserts that one step is wrong and that nothing leaks. */
  private static StoreCheckStep onlyWrong(Name name, List<StoreCheckStep> steps) {
    assertThat(steps).extracting(StoreCheckStep::name).containsExactly(Name.values());
    assertThat(steps).filteredOn(s -> s.result() == Result.WRONG).hasSize(1);
    assertThat(StoreCheck.allOk(steps)).isFalse();
    assertThat(steps.toString()).doesNotContain("psc_v1_0", "eyJ");
    StoreCheckStep wrong =
        steps.stream().filter(s -> s.result() == Result.WRONG).findFirst().orElseThrow();
    assertThat(wrong.name()).as(wrong.toString()).isEqualTo(name);
    assertThat(wrong.remedy()).isNotBlank();
    return wrong;
  }

  @Test
  void allIsOkAndNothingIsStored() {
    List<StoreCheckStep> steps = check(this::tls).build().run();
    assertThat(steps).extracting(StoreCheckStep::name).containsExactly(Name.values());
    assertThat(steps).allMatch(step -> step.result() == Result.OK);
    assertThat(StoreCheck.allOk(steps)).isTrue();
    assertThat(steps.toString()).doesNotContain(store.token().reveal());
    assertThat(store.profileCount()).isZero();
  }

  @Test
  void namesAMissingTokenFile() throws IOException {
    Files.delete(tokenFile);
    assertThat(onlyWrong(Name.TOKEN_READABLE, check(this::tls).build().run()).message())
        .contains(tokenFile.toString());
  }

  @Test
  void namesAnOldProjectToken() throws IOException {
    Files.writeString(tokenFile, "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl");
    StoreCheckStep wrong = onlyWrong(Name.TOKEN_FORMAT, check(this::tls).build().run());
    assertThat(wrong.message()).contains("old project token");
    assertThat(wrong.remedy()).contains("create a service account");
  }

  @Test
  void takesAnOldProjectTokenWhenAskedTo() throws IOException {
    Organization organization = store.iam().organizations().get(0);
    Files.writeString(
        tokenFile, organization.createProjectToken(store.project(), "old").token().reveal());
    List<StoreCheckStep> steps =
        StoreCheck.builder(this::tls).tokenFile(tokenFile).allowProjectToken().build().run();
    assertThat(StoreCheck.allOk(steps)).as(steps.toString()).isTrue();
  }

  @Test
  void namesAMalformedAndAMissingProjectId() {
    onlyWrong(Name.PROJECT_ID, check(this::tls).projectId("payments").build().run());
    StoreCheckStep missing =
        StoreCheck.builder(this::tls).tokenFile(tokenFile).build().run().stream()
            .filter(s -> s.name() == Name.PROJECT_ID)
            .findFirst()
            .orElseThrow();
    assertThat(missing.result()).isEqualTo(Result.WRONG);
  }

  @Test
  void namesARevokedToken() {
    Organization organization = store.iam().organizations().get(0);
    for (ServiceAccount account : organization.serviceAccounts()) {
      organization.tokens(account).forEach(token -> organization.revokeToken(account, token));
    }
    assertThat(onlyWrong(Name.TOKEN_ACCEPTED, check(this::tls).build().run()).message())
        .contains("deleted");
  }

  @Test
  void namesAProjectThatIsNotPermitted() {
    assertThat(
            onlyWrong(
                    Name.PROJECT_PERMITTED,
                    check(this::tls).projectId(ProjectId.random().value()).build().run())
                .message())
        .contains("Profile Writer");
  }

  @Test
  void namesATokenThatIsNotConfigured() {
    assertThat(
            onlyWrong(
                    Name.TOKEN_ACCEPTED,
                    StoreCheck.builder(this::tls).timeout(TIMEOUT).build().run())
                .remedy())
        .contains("token file");
  }

  @Test
  void namesAPlaintextStoreBehindATlsChannel() {
    try (EmbeddedProfileStore plain = EmbeddedProfileStore.builder().plaintext().start()) {
      assertThat(
              onlyWrong(Name.TLS, check(() -> StoreChannels.builder(plain.address())).build().run())
                  .remedy())
          .contains("http://");
      Supplier<StoreChannels.Builder> right =
          () -> StoreChannels.builder("http://" + plain.address());
      List<StoreCheckStep> steps =
          StoreCheck.builder(right)
              .tokenSource(TokenSource.fixed(plain.token()))
              .projectId(plain.project().value())
              .build()
              .run();
      assertThat(StoreCheck.allOk(steps)).as(steps.toString()).isTrue();
      assertThat(steps)
          .filteredOn(step -> step.name() == Name.TLS)
          .extracting(StoreCheckStep::result)
          .containsExactly(Result.SKIPPED);
    }
  }

  @Test
  void namesATlsStoreBehindAPlaintextChannel() {
    assertThat(
            onlyWrong(
                    Name.HTTP2,
                    check(() -> StoreChannels.builder("http://" + store.address())).build().run())
                .remedy())
        .contains("https://");
  }

  @Test
  void namesACertificateThatIsNotTrusted() {
    assertThat(
            onlyWrong(Name.TLS, check(() -> StoreChannels.builder(store.address())).build().run())
                .remedy())
        .contains("caFile (PSC_CA_FILE)");
    Supplier<StoreChannels.Builder> otherName =
        () ->
            StoreChannels.builder(store.address())
                .caFile(authority)
                .serverName("store.example.com");
    assertThat(onlyWrong(Name.TLS, check(otherName).build().run()).remedy())
        .contains("another name");
    Supplier<StoreChannels.Builder> careless =
        () -> StoreChannels.builder(store.address()).insecureSkipVerify();
    assertThat(StoreCheck.allOk(check(careless).build().run())).isTrue();
  }

  @Test
  void namesACertificateFileThatIsMissing() {
    Supplier<StoreChannels.Builder> missing =
        () -> StoreChannels.builder(store.address()).caFile(directory.resolve("absent.pem"));
    assertThat(onlyWrong(Name.TLS, check(missing).build().run()).message()).contains("absent.pem");
  }

  @Test
  void namesADeadPortAndAnUnknownHost() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    onlyWrong(Name.TCP, check(() -> StoreChannels.builder("localhost:" + port)).build().run());
    onlyWrong(
        Name.ADDRESS, check(() -> StoreChannels.builder("no-such-host.invalid:1")).build().run());
    assertThat(
            onlyWrong(Name.ADDRESS, check(() -> StoreChannels.builder("host:port")).build().run())
                .message())
        .contains("not a number");
  }

  @Test
  void namesAServerOfHttp1() throws Exception {
    try (ServerSocket http1 = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
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
                  // Until the client goes, so that no reset overtakes the answer.
                  socket.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      server.setDaemon(true);
      server.start();
      assertThat(
              onlyWrong(
                      Name.HTTP2,
                      check(() -> StoreChannels.builder("http://localhost:" + http1.getLocalPort()))
                          .build()
                          .run())
                  .message())
          .contains("HTTP/1");
    }
  }

  @Test
  void refusesTwoPlacesForTheToken() {
    StoreCheck.Builder twice =
        check(this::tls)
            .tokenSource(TokenSource.fixed(ServiceAccountToken.generate(new SecureRandom())));
    assertThatIllegalArgumentException()
        .isThrownBy(twice::build)
        .withMessageContaining("tokenSource");
  }
}
