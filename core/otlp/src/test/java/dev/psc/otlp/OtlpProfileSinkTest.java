package dev.psc.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.otlp.reader.ExportProfilesPartialSuccess;
import dev.psc.otlp.reader.ExportProfilesServiceRequest;
import dev.psc.otlp.reader.ExportProfilesServiceResponse;
import dev.psc.pprof.ProfileBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The sink against receivers that record what they get. */
class OtlpProfileSinkTest {

  private static final RawProfile PROFILE =
      RawProfile.of(LabelSet.of(LabelSet.NAME, "process_cpu", "service_name", "shop"), pprof());

  private final List<ExportProfilesServiceRequest> requests = new CopyOnWriteArrayList<>();
  private final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
  private int status = 200;
  private byte[] body = new byte[0];
  private @Nullable String retryAfter;
  private HttpServer http;
  private @Nullable Server grpc;

  private static byte[] pprof() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    int function = profile.function("A.b", "", "A.java", 1);
    int location = profile.location(profile.mapping("java", ""), 0, function, 2);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 7);
    return profile.build();
  }

  @BeforeEach
  void start() throws Exception {
    http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    http.createContext(
        "/v1development/profiles",
        exchange -> {
          headers.add(Map.copyOf(exchange.getRequestHeaders()));
          byte[] sent = exchange.getRequestBody().readAllBytes();
          if ("gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
            sent = new GZIPInputStream(new ByteArrayInputStream(sent)).readAllBytes();
          }
          requests.add(ExportProfilesServiceRequest.parseFrom(sent));
          if (retryAfter != null) {
            exchange.getResponseHeaders().add("Retry-After", retryAfter);
          }
          exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
          if (body.length > 0) {
            exchange.getResponseBody().write(body);
          }
          exchange.close();
        });
    http.start();
  }

  @AfterEach
  void stop() throws Exception {
    http.stop(0);
    if (grpc != null) {
      grpc.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }

  private OtlpProfileSink.Builder sink() {
    return OtlpProfileSink.builder("http://127.0.0.1:" + http.getAddress().getPort());
  }

  private static SendOutcome send(OtlpProfileSink sink) throws Exception {
    return sink.send(List.of(PROFILE)).toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @Test
  void sendsCompressedProtobufWithItsHeaders() throws Exception {
    try (OtlpProfileSink sink = sink().header("Authorization", "Bearer s3cret").build()) {
      assertThat(send(sink)).isEqualTo(new SendOutcome.Accepted());
      assertThat(sink.toString()).doesNotContain("s3cret");
    }
    assertThat(ReadRequest.profiles(requests.get(0))).hasSize(1);
    assertThat(headers.get(0))
        .containsEntry("Content-type", List.of("application/x-protobuf"))
        .containsEntry("Content-encoding", List.of("gzip"))
        .containsEntry("Authorization", List.of("Bearer s3cret"));
  }

  @Test
  void retriesAfterTheDelayThatTheReceiverNames() throws Exception {
    status = 429;
    retryAfter = "17";
    try (OtlpProfileSink sink = sink().build()) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Retry.class,
              retry -> assertThat(retry.delay()).contains(Duration.ofSeconds(17)));
      retryAfter = null;
      for (int code : new int[] {502, 503, 504}) {
        status = code;
        assertThat(send(sink)).isInstanceOf(SendOutcome.Retry.class);
      }
    }
    assertThat(HttpTransport.duration("Wed, 21 Oct 2015 07:28:00 GMT")).contains(Duration.ZERO);
  }

  @Test
  void otherAnswersAreNotRetried() throws Exception {
    try (OtlpProfileSink sink = sink().build()) {
      status = 500;
      assertThat(send(sink)).isInstanceOf(SendOutcome.Rejected.class);
      status = 401;
      assertThat(send(sink)).isInstanceOf(SendOutcome.Blocked.class);
      status = 413;
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Rejected.class,
              no -> assertThat(no.reason()).isEqualTo(SendOutcome.Rejected.TOO_LARGE));
    }
  }

  @Test
  void anAddressWithoutAReceiverOfProfilesIsNamed() throws Exception {
    try (OtlpProfileSink sink =
        OtlpProfileSink.builder(
                "http://127.0.0.1:" + http.getAddress().getPort() + "/v1development/other")
            .build()) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Blocked.class,
              blocked ->
                  assertThat(blocked.message())
                      .contains("/v1development/profiles")
                      .contains("service.profilesSupport"));
    }
  }

  @Test
  void aReceiverOfAnotherProtocolIsRecognized() throws Exception {
    status = 400;
    String said = "proto: wrong wireType = 2 for field TimeNanos";
    byte[] text = said.getBytes(StandardCharsets.UTF_8);
    body = new byte[text.length + 2];
    body[0] = 2 << 3 | 2;
    body[1] = (byte) text.length;
    System.arraycopy(text, 0, body, 2, text.length);
    try (OtlpProfileSink sink = sink().build()) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Rejected.class,
              rejected ->
                  assertThat(rejected.message())
                      .contains(said)
                      .contains("opentelemetry-proto 1.10"));
    }
  }

  @Test
  void partialSuccessIsCounted() throws Exception {
    body =
        ExportProfilesServiceResponse.newBuilder()
            .setPartialSuccess(
                ExportProfilesPartialSuccess.newBuilder()
                    .setRejectedProfiles(3)
                    .setErrorMessage("no room"))
            .build()
            .toByteArray();
    try (OtlpProfileSink sink = sink().build()) {
      assertThat(send(sink)).isInstanceOf(SendOutcome.Accepted.class);
      assertThat(sink.rejectedProfiles()).isEqualTo(3);
    }
  }

  @Test
  void aReceiverThatIsDownIsTriedAgain() throws Exception {
    http.stop(0);
    try (OtlpProfileSink sink = sink().build()) {
      assertThat(send(sink)).isInstanceOf(SendOutcome.Retry.class);
    }
  }

  @Test
  void requestsAboveTheLimitAreNotSent() throws Exception {
    try (OtlpProfileSink sink = sink().maxRequestBytes(10).build()) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Rejected.class,
              no -> assertThat(no.reason()).isEqualTo(SendOutcome.Rejected.TOO_LARGE));
    }
    assertThat(requests).isEmpty();
  }

  @Test
  void theEnvironmentConfiguresIt() throws Exception {
    String address = "http://127.0.0.1:" + http.getAddress().getPort();
    try (OtlpProfileSink sink =
        OtlpProfileSink.fromEnvironment(
                Map.of(
                    "OTEL_EXPORTER_OTLP_ENDPOINT",
                    address + "/",
                    "OTEL_EXPORTER_OTLP_HEADERS",
                    "x-general=1",
                    "OTEL_EXPORTER_OTLP_PROFILES_HEADERS",
                    "x-tenant=a%20b,x-other=2",
                    "OTEL_EXPORTER_OTLP_COMPRESSION",
                    "none"))
            .build()) {
      assertThat(send(sink)).isInstanceOf(SendOutcome.Accepted.class);
    }
    assertThat(headers.get(0))
        .containsEntry("X-tenant", List.of("a b"))
        .containsEntry("X-other", List.of("2"))
        .doesNotContainKeys("X-general", "Content-encoding");
  }

  @Test
  void invalidVariablesAreNamed() {
    assertThatThrownBy(
            () ->
                OtlpProfileSink.fromEnvironment(Map.of("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")))
        .hasMessageContaining("OTEL_EXPORTER_OTLP_PROTOCOL");
    assertThatThrownBy(
            () ->
                OtlpProfileSink.fromEnvironment(
                    Map.of("OTEL_EXPORTER_OTLP_PROFILES_TIMEOUT", "10s")))
        .hasMessageContaining("OTEL_EXPORTER_OTLP_PROFILES_TIMEOUT");
    assertThatThrownBy(
            () ->
                OtlpProfileSink.fromEnvironment(
                    Map.of("OTEL_EXPORTER_OTLP_HEADERS", "authorization s3cret")))
        .hasMessageContaining("OTEL_EXPORTER_OTLP_HEADERS")
        .hasMessageNotContaining("s3cret");
  }

  // gRPC

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
          }
        }
      };

  private OtlpProfileSink grpc(@Nullable Status failure, @Nullable Metadata trailers)
      throws Exception {
    String service = "opentelemetry.proto.collector.profiles.v1development.ProfilesService";
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.newBuilder(BYTES, BYTES)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(service + "/Export")
            .build();
    grpc =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                ServerServiceDefinition.builder(service)
                    .addMethod(
                        method,
                        ServerCalls.asyncUnaryCall(
                            (request, observer) -> {
                              if (failure != null) {
                                observer.onError(failure.asRuntimeException(trailers));
                                return;
                              }
                              try {
                                requests.add(ExportProfilesServiceRequest.parseFrom(request));
                              } catch (java.io.IOException e) {
                                throw new java.io.UncheckedIOException(e);
                              }
                              observer.onNext(new byte[0]);
                              observer.onCompleted();
                            }))
                    .build())
            .build()
            .start();
    return OtlpProfileSink.builder("http://127.0.0.1:" + grpc.getPort()).grpc(true).build();
  }

  @Test
  void sendsOverGrpc() throws Exception {
    try (OtlpProfileSink sink = grpc(null, null)) {
      assertThat(send(sink)).isEqualTo(new SendOutcome.Accepted());
    }
    assertThat(ReadRequest.profiles(requests.get(0))).hasSize(1);
  }

  @Test
  void anExhaustedReceiverIsTriedAgainOnlyIfItSaysWhen() throws Exception {
    // google.rpc.Status with RetryInfo of 3 s
    byte[] delay = {10, 2, 8, 3};
    byte[] type = "type.googleapis.com/google.rpc.RetryInfo".getBytes(StandardCharsets.US_ASCII);
    java.io.ByteArrayOutputStream any = new java.io.ByteArrayOutputStream();
    any.write(new byte[] {10, (byte) type.length});
    any.write(type);
    any.write(new byte[] {18, (byte) delay.length});
    any.write(delay);
    java.io.ByteArrayOutputStream details = new java.io.ByteArrayOutputStream();
    details.write(new byte[] {8, 8, 26, (byte) any.size()});
    any.writeTo(details);
    Metadata trailers = new Metadata();
    trailers.put(
        Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
        details.toByteArray());
    try (OtlpProfileSink sink = grpc(Status.RESOURCE_EXHAUSTED, trailers)) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Retry.class,
              retry -> assertThat(retry.delay()).isEqualTo(Optional.of(Duration.ofSeconds(3))));
    }
    stop();
    try (OtlpProfileSink sink = grpc(Status.RESOURCE_EXHAUSTED, new Metadata())) {
      assertThat(send(sink)).isInstanceOf(SendOutcome.Rejected.class);
    }
  }

  @Test
  void aServerWithoutProfilesBlocks() throws Exception {
    try (OtlpProfileSink sink = grpc(Status.UNIMPLEMENTED, new Metadata())) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Blocked.class,
              blocked -> assertThat(blocked.message()).contains("service.profilesSupport"));
    }
  }
}
