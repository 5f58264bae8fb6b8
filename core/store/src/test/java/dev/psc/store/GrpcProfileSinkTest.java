package dev.psc.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import com.google.protobuf.Any;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.store.proto.profilestore.RawProfileSeries;
import dev.psc.store.proto.profilestore.WriteRawRequest;
import dev.psc.store.proto.rpc.RetryInfo;
import dev.psc.store.proto.rpc.StatusDetails;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GrpcProfileSinkTest {

  private static final LabelSet CPU = LabelSet.of("__name__", "process_cpu", "job", "web");
  private static final LabelSet HEAP = LabelSet.of("__name__", "memory", "job", "web");

  private FakeStore store;
  private GrpcProfileSink sink;

  @BeforeEach
  void start() throws Exception {
    store = new FakeStore();
    sink = GrpcProfileSink.create(store.channel());
  }

  @AfterEach
  void stop() {
    sink.close();
    store.close();
  }

  @Test
  void groupsProfilesOfEqualLabelsInTheirOrder() throws Exception {
    RawProfile withExecutable =
        RawProfile.builder(CPU, new byte[] {3})
            .executableInfo(List.of(new RawProfile.ExecutableInfo(3, 4096, 8192)))
            .build();

    SendOutcome outcome =
        send(
            RawProfile.of(CPU, new byte[] {1}),
            RawProfile.of(HEAP, new byte[] {2}),
            withExecutable);

    assertThat(outcome).isEqualTo(new SendOutcome.Accepted());
    assertThat(store.requests).hasSize(1);
    WriteRawRequest request = store.requests.get(0);
    assertThat(request.getNormalized()).isFalse();
    assertThat(request.getSeriesList()).hasSize(2);
    RawProfileSeries cpu = request.getSeries(0);
    assertThat(cpu.getLabels().getLabelsList())
        .extracting(label -> label.getName() + "=" + label.getValue())
        .containsExactly("__name__=process_cpu", "job=web");
    assertThat(cpu.getSamplesList())
        .extracting(sample -> sample.getRawProfile().byteAt(0))
        .containsExactly((byte) 1, (byte) 3);
    assertThat(cpu.getSamples(1).getExecutableInfo(0).getElfType()).isEqualTo(3);
    assertThat(cpu.getSamples(1).getExecutableInfo(0).getLoadSegment().getOffset()).isEqualTo(4096);
    assertThat(cpu.getSamples(1).getExecutableInfo(0).getLoadSegment().getVaddr()).isEqualTo(8192);
  }

  @Test
  void sendsNormalizedProfilesInARequestOfTheirOwn() throws Exception {
    RawProfile normalized =
        RawProfile.builder(CPU, new byte[] {1}).normalizedAddresses(true).build();

    assertThat(send(normalized, RawProfile.of(HEAP, new byte[] {2})))
        .isEqualTo(new SendOutcome.Accepted());

    assertThat(store.requests)
        .extracting(WriteRawRequest::getNormalized)
        .containsExactly(false, true);
  }

  @Test
  void doesNotSendTheSecondRequestWhenTheFirstFailed() throws Exception {
    store.fail(Status.UNAVAILABLE.asRuntimeException());
    RawProfile normalized =
        RawProfile.builder(CPU, new byte[] {1}).normalizedAddresses(true).build();

    assertThat(send(normalized, RawProfile.of(HEAP, new byte[] {2})))
        .isInstanceOf(SendOutcome.Retry.class);

    assertThat(store.requests).hasSize(1);
  }

  /** Every code of gRPC, once from a server. */
  @ParameterizedTest
  @CsvSource({
    "OK,                  Accepted",
    "CANCELLED,           Retry",
    "UNKNOWN,             Retry",
    "INVALID_ARGUMENT,    Rejected",
    "DEADLINE_EXCEEDED,   Retry",
    "NOT_FOUND,           Blocked",
    "ALREADY_EXISTS,      Rejected",
    "PERMISSION_DENIED,   Blocked",
    "RESOURCE_EXHAUSTED,  Retry",
    "FAILED_PRECONDITION, Blocked",
    "ABORTED,             Retry",
    "OUT_OF_RANGE,        Rejected",
    "UNIMPLEMENTED,       Blocked",
    "INTERNAL,            Retry",
    "UNAVAILABLE,         Retry",
    "DATA_LOSS,           Retry",
    "UNAUTHENTICATED,     Blocked"
  })
  void classifiesEveryStatusCode(Status.Code code, String expected) throws Exception {
    if (code != Status.Code.OK) {
      store.fail(code.toStatus().withDescription("said so").asRuntimeException());
    }

    SendOutcome outcome = send(RawProfile.of(CPU, new byte[] {1}));

    assertThat(outcome.getClass().getSimpleName()).isEqualTo(expected);
    if (code != Status.Code.OK) {
      assertThat(outcome.toString())
          .contains("reason=" + code.name().toLowerCase(Locale.ROOT))
          .contains("store 127.0.0.1:" + store.port() + ": " + code + ": said so");
    }
    assertThat(store.requests).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "metadata projectID is missing",
        "metadata projectID: the project id must be a UUID",
        "missing project ID in metadata",
        "invalid project-id: not found"
      })
  void doesNotBlameTheProfilesForAMissingProject(String words) throws Exception {
    store.fail(Status.INVALID_ARGUMENT.withDescription(words).asRuntimeException());

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(
            blocked -> {
              assertThat(blocked.reason()).isEqualTo("invalid_project");
              assertThat(blocked.message()).contains(words, "check the project id");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid label name: \"project-id\"",
        "invalid profile: mapping project id 3 is out of range"
      })
  void blamesTheProfilesWhereTheyOnlySpeakOfAProject(String words) throws Exception {
    store.fail(Status.INVALID_ARGUMENT.withDescription(words).asRuntimeException());

    assertThat(send(RawProfile.of(CPU, new byte[1]))).isInstanceOf(SendOutcome.Rejected.class);
  }

  @Test
  void rejectsACodeThatWasTakenOutOfTheRetryableOnes() throws Exception {
    GrpcProfileSink strict =
        GrpcProfileSink.builder(store.channel())
            .retryableCodes(Set.of(Status.Code.UNAVAILABLE))
            .build();
    store.fail(Status.RESOURCE_EXHAUSTED.withDescription("slow down").asRuntimeException());

    assertThat(send(strict, RawProfile.of(CPU, new byte[1])))
        .isInstanceOf(SendOutcome.Rejected.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gRPC message exceeds maximum size 4194304: 5242880",
        "grpc: received message larger than max (5242880 vs. 4194304)",
        "Received message larger than max (5242880 vs. 4194304)"
      })
  void tellsTooLargeFromSlowDown(String words) throws Exception {
    store.fail(Status.RESOURCE_EXHAUSTED.withDescription(words).asRuntimeException());

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Rejected.class))
        .extracting(SendOutcome.Rejected::reason)
        .isEqualTo("too_large");
  }

  @Test
  void reportsWhatARealServerSaysOfAMessageAboveItsLimitAsTooLarge() throws Exception {
    assertThat(send(RawProfile.of(CPU, new byte[5 << 20])))
        .asInstanceOf(type(SendOutcome.Rejected.class))
        .extracting(SendOutcome.Rejected::reason)
        .isEqualTo("too_large");
  }

  @Test
  void reportsABreachOfTheChannelsOwnOutboundLimitAsTooLarge() throws Exception {
    GrpcProfileSink limited = GrpcProfileSink.create(limitedTo(1000));
    assertThat(send(limited, RawProfile.of(CPU, new byte[10])))
        .isEqualTo(new SendOutcome.Accepted());

    assertThat(send(limited, RawProfile.of(CPU, new byte[2000])))
        .asInstanceOf(type(SendOutcome.Rejected.class))
        .extracting(SendOutcome.Rejected::reason)
        .isEqualTo("too_large");
  }

  /**
   * While gRPC connects, it loses a call that fails before it is sent, together with its deadline.
   */
  @Test
  void answersInTimeWhenTheChannelForgetsTheCall() throws Exception {
    GrpcProfileSink limited =
        GrpcProfileSink.builder(limitedTo(1000)).callTimeout(Duration.ofMillis(100)).build();

    assertThat(send(limited, RawProfile.of(CPU, new byte[2000])))
        .isNotInstanceOf(SendOutcome.Accepted.class);
  }

  @Test
  void classifiesWhatAnInterceptorThrows() throws Exception {
    GrpcProfileSink broken =
        GrpcProfileSink.create(
            ClientInterceptors.intercept(
                store.channel(),
                new ClientInterceptor() {
                  @Override
                  public <Q, A> ClientCall<Q, A> interceptCall(
                      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
                    throw new IllegalStateException("no headers today");
                  }
                }));

    assertThat(send(broken, RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(
            retry -> {
              assertThat(retry.reason()).isEqualTo("unknown");
              assertThat(retry.message()).contains("no headers today");
            });
  }

  private Channel limitedTo(int bytes) {
    return ClientInterceptors.intercept(
        store.channel(),
        new ClientInterceptor() {
          @Override
          public <Q, A> ClientCall<Q, A> interceptCall(
              MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            return next.newCall(method, options.withMaxOutboundMessageSize(bytes));
          }
        });
  }

  @Test
  void checksTheSizeBeforeItSends() throws Exception {
    GrpcProfileSink limited =
        GrpcProfileSink.builder(store.channel()).maxRequestBytes(1000).name("cloud").build();

    SendOutcome outcome = send(limited, RawProfile.of(CPU, new byte[1000]));

    assertThat(outcome)
        .asInstanceOf(type(SendOutcome.Rejected.class))
        .satisfies(
            rejected -> {
              assertThat(rejected.reason()).isEqualTo("too_large");
              assertThat(rejected.message()).contains("maxRequestBytes = 1000", "cloud");
            });
    assertThat(store.requests).isEmpty();
  }

  @Test
  void honoursPushback() throws Exception {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "1500");
    store.fail(Status.RESOURCE_EXHAUSTED.asRuntimeException(trailers));

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.delay()).contains(Duration.ofMillis(1500)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "soon", "", "99999999999999999999"})
  void takesPushbackThatNamesNoDelayAsNoHint(String pushback) throws Exception {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), pushback);
    store.fail(Status.UNAVAILABLE.asRuntimeException(trailers));

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.delay()).isEmpty());
  }

  @Test
  void honoursRetryInfo() throws Exception {
    Any info =
        Any.newBuilder()
            .setTypeUrl("type.googleapis.com/google.rpc.RetryInfo")
            .setValue(
                RetryInfo.newBuilder()
                    .setRetryDelay(
                        com.google.protobuf.Duration.newBuilder()
                            .setSeconds(2)
                            .setNanos(500_000_000))
                    .build()
                    .toByteString())
            .build();
    store.fail(
        Status.UNAVAILABLE.asRuntimeException(
            details(StatusDetails.newBuilder().addDetails(info).build().toByteArray())));

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.delay()).contains(Duration.ofMillis(2500)));
  }

  @Test
  void takesBrokenStatusDetailsAsNoHint() throws Exception {
    store.fail(Status.UNAVAILABLE.asRuntimeException(details(new byte[] {0x1a, 0x7f, 1})));

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.delay()).isEmpty());
  }

  private static Metadata details(byte[] bytes) {
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER), bytes);
    return trailers;
  }

  @Test
  void keepsTheStoresWordsUpToALimit() throws Exception {
    String words = "function id is not sequential ".repeat(100);
    store.fail(Status.INVALID_ARGUMENT.withDescription(words).asRuntimeException());

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Rejected.class))
        .satisfies(
            rejected -> {
              assertThat(rejected.message()).contains("function id is not sequential");
              assertThat(rejected.message().length()).isLessThanOrEqualTo(512);
            });
  }

  @Test
  void saysWhatToCheckEvenAfterALongDescription() throws Exception {
    store.fail(Status.PERMISSION_DENIED.withDescription("no ".repeat(500)).asRuntimeException());

    assertThat(send(RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(
            blocked -> {
              assertThat(blocked.message()).endsWith("Profile Writer for it)");
              assertThat(blocked.message().length()).isLessThanOrEqualTo(512);
            });
  }

  @Test
  void givesUpOnACallThatIsNeverAnswered() throws Exception {
    store.answer((request, observer) -> {});
    GrpcProfileSink impatient =
        GrpcProfileSink.builder(store.channel()).callTimeout(Duration.ofMillis(300)).build();

    assertThat(
            impatient
                .send(List.of(RawProfile.of(CPU, new byte[1])))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.reason()).isEqualTo("deadline_exceeded"));
  }

  @Test
  void namesTheReasonWhenNothingListens() throws Exception {
    int port = store.port();
    store.close();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().disableRetry().build();
    try (GrpcProfileSink orphan = GrpcProfileSink.builder(channel).ownedChannel(channel).build()) {
      assertThat(send(orphan, RawProfile.of(CPU, new byte[1])))
          .asInstanceOf(type(SendOutcome.Retry.class))
          .satisfies(
              retry -> {
                assertThat(retry.reason()).isEqualTo("unavailable");
                assertThat(retry.message()).contains("127.0.0.1:" + port, "refused");
              });
    }
  }

  @Test
  void leavesAChannelOpenThatWasOnlyLent() {
    sink.close();

    assertThat(store.channel().isShutdown()).isFalse();
  }

  @Test
  void shutsItsOwnChannelDownWithinTheTimeout() throws Exception {
    store.answer((request, observer) -> {});
    GrpcProfileSink owner =
        GrpcProfileSink.builder(store.channel())
            .ownedChannel(store.channel())
            .closeTimeout(Duration.ofMillis(50))
            .build();
    var underWay = owner.send(List.of(RawProfile.of(CPU, new byte[1]))).toCompletableFuture();

    owner.close();
    owner.close();

    assertThat(underWay.get(20, TimeUnit.SECONDS)).isInstanceOf(SendOutcome.Retry.class);
    assertThat(store.channel().awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    assertThat(send(owner, RawProfile.of(CPU, new byte[1])))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.reason()).isEqualTo("closed"));
  }

  @Test
  void refusesSettingsThatMakeNoSense() {
    GrpcProfileSink.Builder builder = GrpcProfileSink.builder(store.channel());

    assertThatThrownBy(() -> builder.callTimeout(Duration.ZERO))
        .hasMessageContaining("callTimeout");
    assertThatThrownBy(() -> builder.maxRequestBytes(0)).hasMessageContaining("maxRequestBytes");
    assertThatThrownBy(() -> builder.retryableCodes(Set.of(Status.Code.OK)))
        .hasMessageContaining("OK");
    assertThatThrownBy(() -> builder.name(" ")).hasMessageContaining("name");
    assertThatThrownBy(() -> sink.send(List.of())).hasMessageContaining("empty");
  }

  private SendOutcome send(RawProfile... profiles) throws Exception {
    return send(sink, profiles);
  }

  private static SendOutcome send(ProfileSink sink, RawProfile... profiles) throws Exception {
    return sink.send(List.of(profiles)).toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
