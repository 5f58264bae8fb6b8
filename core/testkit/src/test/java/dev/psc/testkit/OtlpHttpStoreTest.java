package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.UnknownFieldSet;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** OTLP over HTTP to an embedded store. */
@Timeout(60)
class OtlpHttpStoreTest {

  private static final String PATH = "/v1development/profiles";

  @TempDir private Path directory;

  private static RawProfile profile(String name) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    profile.timeNanos(1_700_000_000_000_000_000L);
    int location = profile.location(0, 0, profile.function("A.b", "", "A.java", 0), 7);
    profile.sample(new int[] {location}, 0, 1, ProfileBuilder.NO_LABELS, 3, 30);
    return RawProfile.of(LabelSet.of(LabelSet.NAME, name, "job", "shop"), profile.build());
  }

  private static OtlpProfileSink.Builder sink(EmbeddedProfileStore store) {
    return OtlpProfileSink.builder(store.otlpHttpEndpoint())
        .header("Authorization", "Bearer " + store.token().reveal())
        .header("projectID", store.project().toString());
  }

  private static SendOutcome send(OtlpProfileSink.Builder builder, RawProfile... batch) {
    try (OtlpProfileSink sink = builder.build()) {
      return sink.send(List.of(batch)).toCompletableFuture().join();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aSinkReachesTheStoreOverTls(boolean gzip) throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().otlpHttpPort(0).start()) {
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      assertThat(send(sink(store).caFile(authority).gzip(gzip), profile("process_cpu")))
          .isEqualTo(new SendOutcome.Accepted());
      assertThat(store.profiles(store.project())).hasSize(1);
      Profile stored = Profile.parse(store.profiles().get(0).pprof());
      assertThat(stored.totals()).containsExactly(3, 30);
      assertThat(store.profiles().get(0).labels().valueOf("service_name")).isEqualTo("shop");
    }
  }

  @Test
  void aSinkReachesTheStoreOverGrpcAndTls() {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      assertThat(
              send(
                  OtlpProfileSink.builder("https://" + store.address())
                      .grpc(true)
                      .caFile(store.writeAuthority(directory.resolve("ca.pem")))
                      .header("Authorization", "Bearer " + store.token().reveal())
                      .header("projectID", store.project().toString()),
                  profile("process_cpu")))
          .isEqualTo(new SendOutcome.Accepted());
      assertThat(store.profiles(store.project())).hasSize(1);
    }
  }

  @Test
  void theRestOfARequestIsStoredAndTheSinkCountsWhatIsNot() {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).start()) {
      store.faults().poison(profile -> profile.name().equals("wall"));
      try (OtlpProfileSink sink = sink(store).build()) {
        assertThat(
                sink.send(List.of(profile("process_cpu"), profile("wall")))
                    .toCompletableFuture()
                    .join())
            .isEqualTo(new SendOutcome.Accepted());
        assertThat(sink.rejectedProfiles()).as("two sample types").isEqualTo(2);
      }
      assertThat(store.profiles()).extracting(StoredProfile::name).containsExactly("process_cpu");
      assertThat(send(sink(store), profile("wall"))).isInstanceOf(SendOutcome.Rejected.class);
    }
  }

  @Test
  void theTokenIsCheckedAsOverGrpc() {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).start()) {
      RawProfile profile = profile("process_cpu");
      assertThat(send(OtlpProfileSink.builder(store.otlpHttpEndpoint()), profile))
          .isInstanceOfSatisfying(
              SendOutcome.Blocked.class,
              blocked -> assertThat(blocked.reason()).isEqualTo("unauthenticated"));
      assertThat(send(sink(store).header("Authorization", "Bearer psc_nonsense"), profile))
          .isInstanceOf(SendOutcome.Blocked.class);
      assertThat(
              send(
                  sink(store).header("projectID", dev.psc.auth.ProjectId.random().toString()),
                  profile))
          .isInstanceOfSatisfying(
              SendOutcome.Blocked.class,
              blocked -> assertThat(blocked.reason()).isEqualTo("permission_denied"));
      assertThat(store.profileCount()).isZero();
    }
  }

  @Test
  void aFaultIsAStatusThatMayBeRetried() {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).start()) {
      Metadata trailers = new Metadata();
      trailers.put(
          Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER),
          com.google.rpc.Status.newBuilder()
              .addDetails(
                  com.google.protobuf.Any.pack(
                      com.google.rpc.RetryInfo.newBuilder()
                          .setRetryDelay(
                              com.google.protobuf.Duration.newBuilder().setSeconds(7).build())
                          .build()))
              .build()
              .toByteArray());
      store.faults().failNext(1, Status.UNAVAILABLE, trailers);
      assertThat(send(sink(store), profile("process_cpu")))
          .isInstanceOfSatisfying(
              SendOutcome.Retry.class,
              retry -> assertThat(retry.delay()).isEqualTo(Optional.of(Duration.ofSeconds(7))));
      store.faults().failNext(1, Status.INTERNAL);
      assertThat(send(sink(store), profile("process_cpu")))
          .isInstanceOf(SendOutcome.Rejected.class);
      assertThat(send(sink(store), profile("process_cpu"))).isEqualTo(new SendOutcome.Accepted());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /v1development/profiles, application/x-protobuf, '', 405",
    "POST, /v1/traces, application/x-protobuf, '', 404",
    "POST, /v1development/profiles, application/json, '', 415",
    "POST, /v1development/profiles, application/x-protobuf, br, 415",
    "POST, /v1development/profiles, application/x-protobuf, gzip, 400",
    "POST, /v1development/profiles, application/x-protobuf, '', 400",
  })
  void whatIsNotARequestIsRefusedWithAStatus(
      String method, String path, String type, String encoding, int expected) throws Exception {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).start()) {
      byte[] body = "nonsense".getBytes(StandardCharsets.US_ASCII);
      HttpResponse<byte[]> response = request(store, method, path, type, encoding, body);
      assertThat(response.statusCode()).isEqualTo(expected);
      assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-protobuf");
      UnknownFieldSet status = UnknownFieldSet.parseFrom(response.body());
      assertThat(status.getField(1).getVarintList()).hasSize(1);
      assertThat(status.getField(2).getLengthDelimitedList().get(0).toStringUtf8()).isNotEmpty();
    }
  }

  @Test
  void aLargeRequestIsRefusedBeforeAndAfterInflating() throws Exception {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).maxMessageBytes(4096).start()) {
      ByteArrayOutputStream bomb = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
        gzip.write(new byte[1 << 20]);
      }
      assertThat(bomb.size()).isLessThan(4096);
      String type = "application/x-protobuf";
      assertThat(request(store, "POST", PATH, type, "gzip", bomb.toByteArray()).statusCode())
          .isEqualTo(413);
      assertThat(request(store, "POST", PATH, type, "", new byte[5000]).statusCode())
          .isEqualTo(413);
    }
  }

  private static HttpResponse<byte[]> request(
      EmbeddedProfileStore store,
      String method,
      String path,
      String type,
      String encoding,
      byte[] body)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(store.otlpHttpEndpoint() + path))
            .method(method, BodyPublishers.ofByteArray(body))
            .header("Content-Type", type)
            .header("Authorization", "Bearer " + store.token().reveal())
            .header("projectID", store.project().toString());
    if (!encoding.isEmpty()) {
      request.header("Content-Encoding", encoding);
    }
    return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
  }

  @Test
  void theStoreListensAgainOnTheSamePort() {
    try (EmbeddedProfileStore store =
        EmbeddedProfileStore.builder().plaintext().otlpHttpPort(0).start()) {
      String endpoint = store.otlpHttpEndpoint();
      store.stop();
      assertThat(send(sink(store), profile("process_cpu"))).isInstanceOf(SendOutcome.Retry.class);
      store.start();
      assertThat(store.otlpHttpEndpoint()).isEqualTo(endpoint);
      assertThat(send(sink(store), profile("process_cpu"))).isEqualTo(new SendOutcome.Accepted());
    }
  }

  @Test
  void withoutAPortThereIsNoEndpoint() {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      assertThatThrownBy(store::otlpHttpEndpoint).hasMessageContaining("otlpHttpPort");
    }
  }
}
