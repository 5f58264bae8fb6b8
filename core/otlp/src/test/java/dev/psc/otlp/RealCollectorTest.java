package dev.psc.otlp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.pprof.ProfileBuilder;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sink against an OpenTelemetry Collector. */
@Tag("interop")
class RealCollectorTest {

  private static final String TRACE = "0123456789abcdef0123456789abcdef";
  private static final int SAMPLES = 37;

  @TempDir Path directory;

  private static RawProfile profile() {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    profile.periodType("cpu", "nanoseconds", 10_000_000);
    profile.timeNanos(1_700_000_000_000_000_000L).durationNanos(10_000_000_000L);
    int jvm = profile.mapping("java", "a1b2");
    int labels = profile.labels("trace_id", TRACE, "span_id", "fedcba9876543210", "thread", "t");
    for (int i = 1; i <= SAMPLES; i++) {
      int function = profile.function("shop.Cart.step" + i, "", "Cart.java", i);
      int location = profile.location(jvm, 0, function, i + 1);
      profile.sample(
          new int[] {location}, 0, 1, i == 1 ? labels : ProfileBuilder.NO_LABELS, i, i * 10L);
    }
    return RawProfile.of(
        LabelSet.of(LabelSet.NAME, "process_cpu", "service_name", "shop", "instance", "i-1"),
        profile.build());
  }

  private static SendOutcome send(OtlpProfileSink sink) throws Exception {
    return sink.send(List.of(profile())).toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCollectorReportsTheSameCounts(boolean grpc) throws Exception {
    try (RealCollector collector = RealCollector.start(directory, true);
        OtlpProfileSink sink =
            OtlpProfileSink.builder(grpc ? collector.grpcEndpoint() : collector.httpEndpoint())
                .grpc(grpc)
                .build()) {
      assertThat(send(sink)).as(collector.log()).isEqualTo(new SendOutcome.Accepted());
      assertThat(sink.rejectedProfiles()).isZero();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  collector.log().contains("sample records")
                      && collector.file().contains("shop.Cart.step" + SAMPLES));
      // Two profiles, as the pprof has two sample types, each with all samples.
      assertThat(collector.log())
          .contains("\"resource profiles\": 1")
          .contains("\"sample records\": " + 2 * SAMPLES);
      assertThat(collector.file())
          .contains("\"service.name\"")
          .contains("\"traceId\":\"" + TRACE + "\"")
          .contains("\"spanId\":\"fedcba9876543210\"")
          .contains("process.executable.build_id.gnu");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCollectorWithoutProfilesIsNamedAsSuch(boolean grpc) throws Exception {
    try (RealCollector collector = RealCollector.start(directory, false);
        OtlpProfileSink sink =
            OtlpProfileSink.builder(grpc ? collector.grpcEndpoint() : collector.httpEndpoint())
                .grpc(grpc)
                .build()) {
      assertThat(send(sink))
          .isInstanceOfSatisfying(
              SendOutcome.Blocked.class,
              blocked -> assertThat(blocked.message()).contains("service.profilesSupport"));
    }
  }

  /** What the collector says of a request of another version, whose numbers mean other things. */
  @Test
  void itsWordsForAnotherVersionAreKnown() throws Exception {
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    // A dictionary whose list of texts is a list of messages with a wrong wire type.
    request.write(new byte[] {18, 4, 10, 2, 10, 0});
    try (RealCollector collector = RealCollector.start(directory, true)) {
      HttpResponse<byte[]> response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(collector.httpEndpoint() + Answers.PATH))
                      .header("Content-Type", "application/x-protobuf")
                      .POST(HttpRequest.BodyPublishers.ofByteArray(request.toByteArray()))
                      .build(),
                  HttpResponse.BodyHandlers.ofByteArray());
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(Answers.hint(Answers.statusMessage(response.body())))
          .as(Answers.statusMessage(response.body()))
          .contains("another version");
    }
  }
}
