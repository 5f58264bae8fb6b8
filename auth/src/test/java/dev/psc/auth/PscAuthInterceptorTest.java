package dev.psc.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet4Address;
import java.net.NetworkInterface;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class PscAuthInterceptorTest {

  private static final SecureRandom RANDOM = new SecureRandom();

  private final ServiceAccountToken oldToken = ServiceAccountToken.generate(RANDOM);
  private final ServiceAccountToken newToken = ServiceAccountToken.generate(RANDOM);
  private final ProjectId project = ProjectId.parse("6D1F3C0A-1b2c-4d5e-8f90-a1b2c3d4e5f6");
  private final List<AutoCloseable> toClose = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : toClose) {
      closeable.close();
    }
  }

  private TestServer server() throws IOException {
    return server(new AtomicReference<>(Status.OK));
  }

  private TestServer server(AtomicReference<Status> answer) throws IOException {
    TestServer server = TestServer.plaintext(headers -> answer.get());
    toClose.add(server);
    return server;
  }

  /** A server that accepts one token only. */
  private TestServer serverThatWants(ServiceAccountToken token) throws IOException {
    TestServer server =
        TestServer.plaintext(
            headers ->
                ("Bearer " + token.reveal()).equals(headers.get(TestServer.AUTHORIZATION))
                    ? Status.OK
                    : Status.UNAUTHENTICATED.withDescription("who are you"));
    toClose.add(server);
    return server;
  }

  private Channel channel(TestServer server, ClientInterceptor... interceptors) {
    ManagedChannel channel = server.channel().build();
    toClose.add(0, () -> TestServer.end(channel));
    return ClientInterceptors.intercept(channel, interceptors);
  }

  private PscAuthInterceptor interceptor(TokenSource source) {
    return PscAuthInterceptor.builder(source, project).allowPlaintextOnLoopback().build();
  }

  private static String call(Channel channel) {
    return ClientCalls.blockingUnaryCall(channel, TestServer.UNARY, CallOptions.DEFAULT, "hi");
  }

  private static Status failure(Channel channel) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> call(channel)).getStatus();
  }

  /** A source that returns the old token until it is reread. */
  private final class Rotated implements TokenSource {
    final AtomicInteger rereads = new AtomicInteger();
    volatile BearerToken token = oldToken;

    @Override
    public BearerToken token() {
      return token;
    }

    @Override
    public CompletionStage<BearerToken> reread() {
      rereads.incrementAndGet();
      return CompletableFuture.supplyAsync(
          () -> {
            token = newToken;
            return token;
          });
    }
  }

  /** An application that blocks the common pool must not delay a refusal. */
  @Test
  void tellsARefusalWhileTheCommonPoolIsBlocked() throws Exception {
    Channel channel = channel(serverThatWants(newToken), interceptor(TokenSource.fixed(oldToken)));
    CountDownLatch release = new CountDownLatch(1);
    int threads = Math.max(1, ForkJoinPool.getCommonPoolParallelism());
    CountDownLatch blocked = new CountDownLatch(threads);
    for (int i = 0; i < threads; i++) {
      ForkJoinPool.commonPool()
          .execute(
              () -> {
                blocked.countDown();
                try {
                  release.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    try {
      assertThat(blocked.await(30, TimeUnit.SECONDS)).isTrue();
      var answer =
          ClientCalls.futureUnaryCall(channel.newCall(TestServer.UNARY, CallOptions.DEFAULT), "hi");
      assertThatThrownBy(() -> answer.get(30, TimeUnit.SECONDS))
          .hasMessageContaining("UNAUTHENTICATED");
    } finally {
      release.countDown();
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = MethodType.class,
      names = {"UNARY", "CLIENT_STREAMING", "SERVER_STREAMING", "BIDI_STREAMING"})
  void authenticatesCallsOfEveryKind(MethodType type) throws Exception {
    TestServer server = server();
    Channel channel = channel(server, interceptor(TokenSource.fixed(oldToken)));
    assertThat(talk(channel, type)).contains("hi");
    assertThat(server.lastCall().getAll(TestServer.AUTHORIZATION))
        .containsExactly("Bearer " + oldToken.reveal());
    assertThat(server.lastCall().getAll(TestServer.PROJECT)).containsExactly(project.value());
  }

  private static String talk(Channel channel, MethodType type) throws Exception {
    CompletableFuture<String> answer = new CompletableFuture<>();
    StringBuilder got = new StringBuilder();
    StreamObserver<String> response =
        new StreamObserver<>() {
          @Override
          public void onNext(String value) {
            got.append(value);
          }

          @Override
          public void onError(Throwable problem) {
            answer.completeExceptionally(problem);
          }

          @Override
          public void onCompleted() {
            answer.complete(got.toString());
          }
        };
    MethodDescriptor<String, String> method =
        switch (type) {
          case UNARY -> TestServer.UNARY;
          case CLIENT_STREAMING -> TestServer.CLIENT_STREAM;
          case SERVER_STREAMING -> TestServer.SERVER_STREAM;
          default -> TestServer.BIDI;
        };
    ClientCall<String, String> call = channel.newCall(method, CallOptions.DEFAULT);
    if (type.clientSendsOneMessage()) {
      if (type.serverSendsOneMessage()) {
        ClientCalls.asyncUnaryCall(call, "hi", response);
      } else {
        ClientCalls.asyncServerStreamingCall(call, "hi", response);
      }
    } else {
      StreamObserver<String> request =
          type.serverSendsOneMessage()
              ? ClientCalls.asyncClientStreamingCall(call, response)
              : ClientCalls.asyncBidiStreamingCall(call, response);
      request.onNext("h");
      request.onNext("i");
      request.onCompleted();
    }
    return answer.get(30, TimeUnit.SECONDS);
  }

  @Test
  void refusesTokenOverPlaintext() throws Exception {
    TestServer server = server();
    Status status =
        failure(channel(server, PscAuthInterceptor.create(TokenSource.fixed(oldToken), project)));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription()).contains("plaintext", "localhost:" + server.port(), "TLS");
    assertThat(server.calls()).isEmpty();
  }

  @Test
  void refusesTokenOverPlaintextOnStreamsAndByTheCredentialsAlone() throws Exception {
    TestServer server = server();
    Channel channel =
        channel(server, PscAuthInterceptor.create(TokenSource.fixed(oldToken), project));
    for (MethodType type : List.of(MethodType.CLIENT_STREAMING, MethodType.BIDI_STREAMING)) {
      assertThat(catchThrowableOfType(Exception.class, () -> talk(channel, type)))
          .hasMessageContaining("plaintext");
    }
    CallCredentials alone =
        PscAuthInterceptor.builder(TokenSource.fixed(oldToken), project).buildCallCredentials();
    assertThat(
            catchThrowableOfType(
                StatusRuntimeException.class,
                () ->
                    ClientCalls.blockingUnaryCall(
                        channel(server),
                        TestServer.UNARY,
                        CallOptions.DEFAULT.withCallCredentials(alone),
                        "hi")))
        .hasMessageContaining("plaintext");
    assertThat(server.calls()).isEmpty();
  }

  @Test
  void loopbackMeansLoopback() throws Exception {
    TestServer server = server();
    Inet4Address outside =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(a -> a instanceof Inet4Address && !a.isLoopbackAddress())
            .map(Inet4Address.class::cast)
            .findFirst()
            .orElse(null);
    org.assertj.core.api.Assumptions.assumeThat(outside).isNotNull();
    ManagedChannel channel =
        io.grpc.ManagedChannelBuilder.forAddress(outside.getHostAddress(), server.port())
            .usePlaintext()
            .build();
    toClose.add(0, () -> TestServer.end(channel));
    TokenSource source = TokenSource.fixed(oldToken);
    Status status = failure(ClientInterceptors.intercept(channel, interceptor(source)));
    assertThat(status.getDescription()).contains("not a loopback address");
    assertThat(server.calls()).isEmpty();
    PscAuthInterceptor everywhere =
        PscAuthInterceptor.builder(source, project).allowPlaintextToken().build();
    assertThat(call(ClientInterceptors.intercept(channel, everywhere))).isEqualTo("hi");
  }

  @Test
  void sendsTheTokenOverTls() throws Exception {
    TestCertificate certificate = new TestCertificate();
    try (TestServer server =
        TestServer.with(
            TlsServerCredentials.create(certificate.certificate(), certificate.key()))) {
      ManagedChannel channel =
          Grpc.newChannelBuilderForAddress(
                  "localhost",
                  server.port(),
                  TlsChannelCredentials.newBuilder()
                      .trustManager(certificate.certificate())
                      .build())
              .intercept(PscAuthInterceptor.create(TokenSource.fixed(oldToken), project))
              .build();
      assertThat(call(channel)).isEqualTo("hi");
      assertThat(server.lastCall().get(TestServer.AUTHORIZATION))
          .isEqualTo("Bearer " + oldToken.reveal());
      TestServer.end(channel);
    }
  }

  @Test
  void sendsFurtherHeadersAndLeavesTheCallersOwnAlone() throws Exception {
    TestServer server = server();
    Metadata own = new Metadata();
    own.put(TestServer.key("x-own"), "mine");
    PscAuthInterceptor interceptor =
        PscAuthInterceptor.builder(TokenSource.fixed(oldToken), project)
            .headers(CallHeaders.parse(List.of("X-Team=blue")))
            .allowPlaintextOnLoopback()
            .build();
    assertThat(call(channel(server, interceptor, MetadataUtils.newAttachHeadersInterceptor(own))))
        .isEqualTo("hi");
    assertThat(server.lastCall().get(TestServer.key("x-team"))).isEqualTo("blue");
    assertThat(server.lastCall().get(TestServer.key("x-own"))).isEqualTo("mine");
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(strings = {"authorization", "projectid", "x-team"})
  void refusesToMixWithTheCallersOwnMetadataOfTheSameName(String name) throws Exception {
    TestServer server = server();
    Metadata own = new Metadata();
    own.put(TestServer.key(name), "mine");
    PscAuthInterceptor interceptor =
        PscAuthInterceptor.builder(TokenSource.fixed(oldToken), project)
            .headers(CallHeaders.parse(List.of("X-Team=blue")))
            .allowPlaintextOnLoopback()
            .build();
    Channel channel = channel(server, interceptor, MetadataUtils.newAttachHeadersInterceptor(own));
    Status status = failure(channel);
    assertThat(status.getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(status.getDescription()).contains('"' + name + '"').doesNotContain("mine");
    assertThat(
            catchThrowableOfType(Exception.class, () -> talk(channel, MethodType.BIDI_STREAMING)))
        .hasMessageContaining('"' + name + '"');
    assertThat(server.calls()).isEmpty();
  }

  private static CallCredentials credentials(String name) {
    return new CallCredentials() {
      @Override
      public void applyRequestMetadata(RequestInfo info, Executor executor, MetadataApplier to) {
        Metadata metadata = new Metadata();
        metadata.put(TestServer.key(name), "theirs");
        executor.execute(() -> to.apply(metadata));
      }
    };
  }

  @Test
  void goesTogetherWithCredentialsOfTheCallersOwn() throws Exception {
    TestServer server = server();
    Channel channel = channel(server, interceptor(TokenSource.fixed(oldToken)));
    CallOptions options = CallOptions.DEFAULT.withCallCredentials(credentials("x-theirs"));
    assertThat(ClientCalls.blockingUnaryCall(channel, TestServer.UNARY, options, "hi"))
        .isEqualTo("hi");
    assertThat(server.lastCall().get(TestServer.key("x-theirs"))).isEqualTo("theirs");
    assertThat(server.lastCall().containsKey(TestServer.AUTHORIZATION)).isTrue();

    CallOptions clash = CallOptions.DEFAULT.withCallCredentials(credentials("authorization"));
    assertThat(
            catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> ClientCalls.blockingUnaryCall(channel, TestServer.UNARY, clash, "hi"))
                .getStatus()
                .getCode())
        .isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void failsACallInTheWordsOfTheCredentialsThatFail() throws Exception {
    TestServer server = server();
    CallOptions soon = CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS);
    CallCredentials failing =
        new CallCredentials() {
          @Override
          public void applyRequestMetadata(
              RequestInfo info, Executor executor, MetadataApplier to) {
            executor.execute(
                () -> to.fail(Status.UNAUTHENTICATED.withDescription("their vault is locked")));
          }
        };
    assertThat(
            failure(
                    channel(server, interceptor(TokenSource.fixed(oldToken))),
                    soon.withCallCredentials(failing))
                .getDescription())
        .startsWith("their vault is locked");

    TokenSource locked =
        TokenSource.of(
            () -> {
              throw new TokenUnavailableException("our vault is locked", null);
            });
    assertThat(
            failure(
                    channel(server, interceptor(locked)),
                    soon.withCallCredentials(credentials("x-theirs")))
                .getDescription())
        .isEqualTo("no token: our vault is locked");
    assertThat(server.calls()).isEmpty();
  }

  private static Status failure(Channel channel, CallOptions options) {
    return catchThrowableOfType(
            StatusRuntimeException.class,
            () -> ClientCalls.blockingUnaryCall(channel, TestServer.UNARY, options, "hi"))
        .getStatus();
  }

  @Test
  void repeatsAUnaryCallOnceWithTheNewToken() throws Exception {
    TestServer server = serverThatWants(newToken);
    Rotated source = new Rotated();
    Channel channel = channel(server, interceptor(source));
    assertThat(call(channel)).isEqualTo("hi");
    assertThat(server.calls()).hasSize(2);
    assertThat(source.rereads).hasValue(1);
    assertThat(server.lastCall().getAll(TestServer.AUTHORIZATION)).hasSize(1);

    source.token = oldToken;
    assertThat(
            ClientCalls.futureUnaryCall(
                    channel.newCall(TestServer.UNARY, CallOptions.DEFAULT), "future")
                .get(30, TimeUnit.SECONDS))
        .isEqualTo("future");
    source.token = oldToken;
    assertThat(talk(channel, MethodType.UNARY)).isEqualTo("hi");
    assertThat(server.calls()).hasSize(6);
  }

  @Test
  void keepsTheCallersMetadataWhenItRepeats() throws Exception {
    TestServer server = serverThatWants(newToken);
    Metadata own = new Metadata();
    own.put(TestServer.key("x-own"), "mine");
    assertThat(
            call(
                channel(
                    server,
                    interceptor(new Rotated()),
                    MetadataUtils.newAttachHeadersInterceptor(own))))
        .isEqualTo("hi");
    assertThat(server.lastCall().getAll(TestServer.key("x-own"))).containsExactly("mine");
  }

  @Test
  void doesNotRepeatWithTheSameToken() throws Exception {
    TestServer server = serverThatWants(newToken);
    Status status = failure(channel(server, interceptor(TokenSource.fixed(oldToken))));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(status.getDescription())
        .startsWith("who are you")
        .contains("#" + oldToken.fingerprint(), "deleted");
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void repeatsOnlyOnce() throws Exception {
    TestServer server = serverThatWants(ServiceAccountToken.generate(RANDOM));
    TokenSource fresh = TokenSource.of(() -> ServiceAccountToken.generate(RANDOM));
    assertThat(failure(channel(server, interceptor(fresh))).getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(server.calls()).hasSize(2);
  }

  @Test
  void aStreamFailsOnceAndTheNextOneHasTheNewToken() throws Exception {
    TestServer server = serverThatWants(newToken);
    Rotated source = new Rotated();
    Channel channel = channel(server, interceptor(source));
    assertThat(
            catchThrowableOfType(Exception.class, () -> talk(channel, MethodType.BIDI_STREAMING)))
        .hasMessageContaining("UNAUTHENTICATED");
    assertThat(server.calls()).hasSize(1);
    await().atMost(Duration.ofSeconds(30)).until(() -> source.token.equals(newToken));
    assertThat(talk(channel, MethodType.BIDI_STREAMING)).isEqualTo("hi");
  }

  @Test
  void doesNotRepeatAMessageThatCanBeReadOnlyOnce() throws Exception {
    TestServer server = serverThatWants(newToken);
    MethodDescriptor.Marshaller<InputStream> bytes =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(InputStream value) {
            return value;
          }

          @Override
          public InputStream parse(InputStream stream) {
            return stream;
          }
        };
    MethodDescriptor<InputStream, InputStream> raw =
        TestServer.UNARY.toBuilder(bytes, bytes).build();
    assertThat(
            catchThrowableOfType(
                    StatusRuntimeException.class,
                    () ->
                        ClientCalls.blockingUnaryCall(
                            channel(server, interceptor(new Rotated())),
                            raw,
                            CallOptions.DEFAULT,
                            new ByteArrayInputStream(new byte[] {'h'})))
                .getStatus()
                .getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void doesNotWaitForASourceThatHangsBeyondTheDeadline() throws Exception {
    TestServer server = serverThatWants(newToken);
    TokenSource hanging =
        new TokenSource() {
          @Override
          public BearerToken token() {
            return oldToken;
          }

          @Override
          public CompletionStage<BearerToken> reread() {
            return new CompletableFuture<>();
          }
        };
    Channel channel = channel(server, interceptor(hanging));
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS);
    long start = System.nanoTime();
    StatusRuntimeException e =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> ClientCalls.blockingUnaryCall(channel, TestServer.UNARY, options, "hi"));
    assertThat(e.getStatus().getCode())
        .isIn(Status.Code.UNAUTHENTICATED, Status.Code.DEADLINE_EXCEEDED);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
  }

  @Test
  void aCallThatIsCancelledWhileTheSourceLooksEndsImmediately() throws Exception {
    TestServer server = serverThatWants(newToken);
    CompletableFuture<BearerToken> never = new CompletableFuture<>();
    CompletableFuture<String> asked = new CompletableFuture<>();
    TokenSource hanging =
        new TokenSource() {
          @Override
          public BearerToken token() {
            return oldToken;
          }

          @Override
          public CompletionStage<BearerToken> reread() {
            asked.complete("asked");
            return never;
          }
        };
    ClientCall<String, String> call =
        channel(server, interceptor(hanging)).newCall(TestServer.UNARY, CallOptions.DEFAULT);
    CompletableFuture<Status> closed = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(
        call,
        "hi",
        new StreamObserver<>() {
          @Override
          public void onNext(String value) {}

          @Override
          public void onError(Throwable problem) {
            closed.complete(Status.fromThrowable(problem));
          }

          @Override
          public void onCompleted() {
            closed.complete(Status.OK);
          }
        });
    assertThat(asked.get(30, TimeUnit.SECONDS)).isEqualTo("asked");
    call.cancel("enough", null);
    assertThat(closed.get(30, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.CANCELLED);
    never.complete(newToken);
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void survivesASourceThatThrows() throws Exception {
    TestServer server = serverThatWants(newToken);
    AtomicInteger calls = new AtomicInteger();
    String secret = newToken.reveal();
    TokenSource broken =
        TokenSource.of(
            () -> {
              if (calls.getAndIncrement() > 0) {
                throw new IllegalStateException("cannot use " + secret);
              }
              return oldToken;
            });
    Channel channel = channel(server, interceptor(broken));
    assertThat(failure(channel).getDescription()).startsWith("who are you");
    Status second = failure(channel);
    assertThat(second.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(second.getDescription()).contains("the token source failed");
    assertThat(SecretGuard.firstSecretIn(String.valueOf(second))).isNull();
    assertThat(server.calls()).hasSize(1);
  }

  @Test
  void explainsARefusalAndKeepsItsCode() throws Exception {
    AtomicReference<Status> answer =
        new AtomicReference<>(Status.PERMISSION_DENIED.withDescription("no"));
    Channel channel = channel(server(answer), interceptor(TokenSource.fixed(oldToken)));
    Status denied = failure(channel);
    assertThat(denied.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(denied.getDescription())
        .startsWith("no")
        .contains("Profile Writer", project.value(), oldToken.fingerprint());
    answer.set(Status.INVALID_ARGUMENT.withDescription("function id"));
    assertThat(failure(channel).getDescription()).isEqualTo("function id");
  }

  @Test
  void tellsOwnersOfOldProjectTokensHowToMigrate() throws Exception {
    JwtProjectToken jwt = JwtProjectToken.parse(JwtProjectTokenTest.jwt("{}"));
    TestServer server = serverThatWants(newToken);
    PscAuthInterceptor interceptor =
        PscAuthInterceptor.builderWithoutProject(TokenSource.fixed(jwt))
            .allowPlaintextOnLoopback()
            .build();
    assertThat(failure(channel(server, interceptor)).getDescription())
        .contains("old project token", "service account");
    assertThat(server.lastCall().containsKey(TestServer.PROJECT)).isFalse();
    assertThat(server.lastCall().get(TestServer.AUTHORIZATION)).isEqualTo("Bearer " + jwt.reveal());
  }

  @Test
  void credentialsAloneAuthenticate() throws Exception {
    TestServer server = server();
    CallCredentials alone =
        PscAuthInterceptor.builder(TokenSource.fixed(oldToken), project)
            .allowPlaintextOnLoopback()
            .buildCallCredentials();
    CallOptions options = CallOptions.DEFAULT.withCallCredentials(alone);
    assertThat(ClientCalls.blockingUnaryCall(channel(server), TestServer.UNARY, options, "hi"))
        .isEqualTo("hi");
    assertThat(server.lastCall().get(TestServer.PROJECT)).isEqualTo(project.value());
  }

  @Test
  void refusesTwoPlacesForTheProject() {
    CallHeaders headers = CallHeaders.parse(List.of("projectID=" + project));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                PscAuthInterceptor.builder(TokenSource.fixed(oldToken), project)
                    .headers(headers)
                    .build())
        .withMessageContaining("projectID");
  }

  @Test
  void neverPrintsTheToken() {
    PscAuthInterceptor interceptor = interceptor(TokenSource.fixed(oldToken));
    assertThat(interceptor.toString()).contains(project.value()).doesNotContain("psc_v1_");
  }
}
