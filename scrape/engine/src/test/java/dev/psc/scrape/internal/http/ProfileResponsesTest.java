package dev.psc.scrape.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileResponsesTest {

  private static final URI TARGET = URI.create("http://shop:6060/debug/pprof/heap");

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static HttpAnswer answer(String encoding, String type, byte[] body) {
    return new HttpAnswer(
        200,
        HttpHeaders.of(
            Map.of("Content-Encoding", List.of(encoding), "Content-Type", List.of(type)),
            (name, value) -> true),
        body);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "identity", "gzip, identity", ""})
  void acceptsGzipAroundAnyProfile(String encoding) throws Exception {
    byte[] raw = {0x0a, 4, 8, 1, 16, 2};
    for (byte[] body : List.of(gzip(raw), gzip(gzip(raw)), raw)) {
      assertThat(ProfileResponses.profile(answer(encoding, "application/x", body), TARGET))
          .isSameAs(body);
    }
  }

  /** Go's client ignores such a header, and Go's targets are what sends it. */
  @ParameterizedTest
  @ValueSource(strings = {"br", "aws-chunked", "utf-8"})
  void acceptsAGzippedProfileUnderAnyEncoding(String encoding) throws Exception {
    byte[] body = gzip(new byte[] {0x0a, 4, 8, 1, 16, 2});
    assertThat(ProfileResponses.profile(answer(encoding, "application/x", body), TARGET))
        .isSameAs(body);
  }

  @Test
  void namesACommandLineByItsPathAndNeverShowsIt() {
    byte[] body = "/usr/bin/app".getBytes(StandardCharsets.US_ASCII);
    URI uri = URI.create("http://shop:6060/prefix/debug/pprof/cmdline");
    assertThatThrownBy(() -> ProfileResponses.profile(answer("", "text/plain", body), uri))
        .isInstanceOf(HttpFailure.class)
        .hasMessageContaining("the response is a command line")
        .hasMessageNotContaining("/usr/bin/app");
  }

  @Test
  void takesNoProfileForText() throws Exception {
    byte[] profile = {0x0a, 4, 8, 1, 16, 2, 0x12, 0x32, 0, 0};
    assertThat(ProfileResponses.profile(answer("", "application/x", profile), TARGET))
        .isSameAs(profile);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "heap profile: 1: 2 [ 1: 2] @ heap_v2/524288\n",
        "heap profile: 1: 2 [ 1: 2] @ heap/1048576\n",
        "goroutine profile: total 7\n",
        "threadcreate profile: total 7\n",
        "--- contention:\n",
        "--- mutex:\n",
        "--- contentionz 1 ---\n",
        "--- heapz 1 ---\n",
        "--- threadz 1 ---\n"
      })
  void acceptsTextThatIsConvertedUnlessItWasAskedFor(String text) throws Exception {
    HttpAnswer answer = answer("", "text/plain", text.getBytes(StandardCharsets.US_ASCII));
    assertThat(ProfileResponses.profile(answer, TARGET)).isSameAs(answer.body());
    if (text.contains("z 1 ---")) {
      return; // of gperftools, which has no such parameter
    }
    for (String query : List.of("debug=1", "seconds=1&debug=1")) {
      assertThatThrownBy(() -> ProfileResponses.profile(answer, URI.create(TARGET + "?" + query)))
          .isInstanceOf(HttpFailure.class)
          .hasMessageContaining("remove debug=1 from params and path");
    }
  }
}
