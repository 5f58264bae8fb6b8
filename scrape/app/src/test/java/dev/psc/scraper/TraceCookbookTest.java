package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.opentelemetry.OpenTelemetryTraces;
import dev.psc.otlp.OtlpProfileSink;
import dev.psc.pprof.Profile;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.StoredProfile;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The recipes of the cookbook for traces and OTLP, each run for real. */
class TraceCookbookTest {

  static {
    OpenTelemetryTraces.install();
  }

  private static final String TRACE = "0123456789abcdef0123456789abcdef";
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  @Test
  void fromATraceToAFlameGraphOfWhatAStoreReceivedOverOtlp() throws Exception {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start();
        OtlpProfileSink sink =
            OtlpProfileSink.builder("https://" + store.address())
                .grpc(true)
                .caFile(store.writeAuthority(directory.resolve("ca.pem")))
                .header("authorization", "Bearer " + store.token().reveal())
                .header("projectid", store.project().value())
                .build();
        JvmProfiling profiling =
            JvmProfiling.builder()
                .profiles(JvmProfile.PROCESS_CPU)
                .interval(Duration.ofSeconds(1))
                .sink(sink)
                .start()) {
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                checkout();
                return store.profiles().stream().anyMatch(TraceCookbookTest::hasTheTrace);
              });
      assertThat(profiling.status().unavailable()).isEmpty();
      StoredProfile stored =
          store.profiles().stream()
              .filter(TraceCookbookTest::hasTheTrace)
              .findFirst()
              .orElseThrow();
      assertThat(stored.name()).isEqualTo("process_cpu");
      assertThat(stored.labels().valueOf("instance")).isNotEmpty();
      byte[] pprof = stored.pprof();
      Path page = directory.resolve("checkout.html");
      Files.writeString(page, FlameGraph.html(Profile.parse(pprof), "checkout"));
      assertThat(Files.readString(page)).contains("trace_id").contains(TRACE);
    }
  }

  @SuppressWarnings("try") // the scope is closed, not used
  private static void checkout() {
    Span span =
        Span.wrap(
            SpanContext.create(
                TRACE, "fedcba9876543210", TraceFlags.getSampled(), TraceState.getDefault()));
    try (Scope scope = span.makeCurrent()) {
      long end = System.nanoTime() + 200_000_000;
      double x = 1;
      while (System.nanoTime() < end) {
        x = Math.sqrt(x + 1);
      }
      assertThat(x).isPositive();
    }
  }

  private static boolean hasTheTrace(StoredProfile stored) {
    try {
      return Profile.parse(stored.pprof()).samples().stream()
          .flatMap(sample -> sample.labels().stream())
          .anyMatch(label -> label.key().equals("trace_id") && label.text().equals(TRACE));
    } catch (dev.psc.pprof.format.PprofException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void exportsOverOtlp() {
    OtlpProfileSink sink = OtlpProfileSink.builder("http://localhost:4318").build();
    JvmProfiling profiling = JvmProfiling.builder().sink(sink).start();
    profiling.close();
    sink.close();
    assertThat(List.of(sink.name())).containsExactly("otlp");
  }
}
