package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.runtime.OwnThreads;
import dev.psc.jvm.profile.JvmProfile;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PprofEndpointTest {

  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static JvmProfiling profiling;
  private static HttpClient client;

  @BeforeAll
  static void start() {
    profiling =
        JvmProfiling.builder()
            .pprofAddress(ANY_PORT)
            .idleTimeout(Duration.ZERO)
            .profiles(
                EnumSet.complementOf(EnumSet.of(JvmProfile.EXCEPTIONS, JvmProfile.NATIVE_MEMORY)))
            .start();
    client = HttpClient.newHttpClient();
  }

  @AfterAll
  static void stop() {
    profiling.close();
  }

  private static HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    return get(profiling, path, headers);
  }

  private static HttpResponse<byte[]> get(JvmProfiling of, String path, String... headers)
      throws Exception {
    return client.send(request(of, path, headers), HttpResponse.BodyHandlers.ofByteArray());
  }

  private static HttpRequest request(JvmProfiling of, String path, String... headers) {
    int port = of.pprofAddress().orElseThrow().getPort();
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
            .timeout(Duration.ofSeconds(60));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request.build();
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static String unzipped(byte[] body) throws IOException {
    return new String(
        new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes(),
        StandardCharsets.ISO_8859_1);
  }

  @Test
  void indexListsTheProfiles() throws Exception {
    HttpResponse<byte[]> response = get("/debug/pprof/");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(text(response)).contains("profile?seconds=10", "goroutine", "allocs");
    assertThat(text(response).substring(text(response).indexOf("<pre>")))
        .as("one line for each value, without brackets of Java's texts")
        .doesNotContain("[", "]", "CaptureStatus");
    assertThat(get("/debug/pprof").statusCode()).isEqualTo(200);
  }

  @Test
  void goroutineNamesTheStackOfThisThread() throws Exception {
    HttpResponse<byte[]> response = get("/debug/pprof/goroutine");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/octet-stream");
    assertThat(unzipped(response.body()))
        .contains("goroutine", "dev.psc.jvm.PprofEndpointTest.get", "thread_state");
  }

  @Test
  void spansOfTheSameTimeAnswerTogether() throws Exception {
    long start = System.nanoTime();
    Map<String, CompletableFuture<HttpResponse<byte[]>>> answers = new LinkedHashMap<>();
    for (String path :
        new String[] {
          "profile?seconds=0.5", "profile?seconds=0.4", "wall?seconds=0.2", "allocs?seconds=0.5"
        }) {
      answers.put(
          path,
          client.sendAsync(
              request(profiling, "/debug/pprof/" + path), HttpResponse.BodyHandlers.ofByteArray()));
    }
    for (CompletableFuture<HttpResponse<byte[]>> answer : answers.values()) {
      HttpResponse<byte[]> response = answer.get(60, TimeUnit.SECONDS);
      assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
      assertThat(unzipped(response.body())).contains("count");
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
  }

  @ParameterizedTest
  @ValueSource(strings = {"allocs", "mutex", "block", "threadcreate", "heap"})
  void totalsAnswerAtOnce(String path) throws Exception {
    HttpResponse<byte[]> response = get("/debug/pprof/" + path);
    assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
    assertThat(unzipped(response.body())).contains("count");
    assertThat(text(get("/debug/pprof/" + path + "?debug=1"))).contains(path + " profile: total");
  }

  @ParameterizedTest
  @ValueSource(strings = {"99999", "-1", "NaN", "abc"})
  void refusesSecondsOutOfRange(String seconds) throws Exception {
    HttpResponse<byte[]> response = get("/debug/pprof/profile?seconds=" + seconds);
    assertThat(response.statusCode()).isEqualTo(400);
    assertThat(text(response)).contains("seconds");
    assertThat(response.headers().firstValue("X-Go-Pprof")).hasValue("1");
  }

  @Test
  void refusesWhatItDoesNotHave() throws Exception {
    assertThat(get("/debug/pprof/nonsense").statusCode()).isEqualTo(404);
    assertThat(get("/debug/pprof/exceptions").statusCode()).isEqualTo(404);
    assertThat(text(get("/debug/pprof/cmdline"))).contains("disabled");
  }

  @Test
  void asksForTheTokenWhenThereIsOne() throws Exception {
    try (JvmProfiling guarded =
        JvmProfiling.builder().pprofAddress(ANY_PORT).pprofToken("s3cret").start()) {
      assertThat(get(guarded, "/debug/pprof/").statusCode()).isEqualTo(401);
      assertThat(get(guarded, "/debug/pprof/", "Authorization", "Bearer nope").statusCode())
          .isEqualTo(401);
      assertThat(get(guarded, "/debug/pprof/", "Authorization", "Bearer s3cret").statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void compressesTextForThoseWhoTakeIt() throws Exception {
    HttpResponse<byte[]> response =
        get("/debug/pprof/goroutine?debug=2", "Accept-Encoding", "gzip");
    assertThat(response.headers().firstValue("Content-Encoding")).hasValue("gzip");
    assertThat(unzipped(response.body())).contains("java.lang.Thread.State: RUNNABLE");
  }

  @Test
  void answersOthersWhileAClientIsSlow() throws Exception {
    try (PprofServer server =
            PprofServer.start(
                ANY_PORT,
                profiling.handler(),
                OwnThreads.daemons(),
                false,
                Duration.ofMillis(400));
        Socket slow = new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
      slow.getOutputStream().write("GET /debug".getBytes(StandardCharsets.US_ASCII));
      URI index = URI.create("http://127.0.0.1:" + server.address().getPort() + "/debug/pprof/");
      assertThat(
              client
                  .send(
                      HttpRequest.newBuilder(index).build(),
                      HttpResponse.BodyHandlers.ofByteArray())
                  .statusCode())
          .isEqualTo(200);
      slow.setSoTimeout(30_000);
      assertThat(readAll(slow)).as("the slow client is cut off").isEmpty();
    }
  }

  private static byte[] readAll(Socket socket) throws IOException {
    try {
      return socket.getInputStream().readAllBytes();
    } catch (java.net.SocketException e) {
      return new byte[0]; // reset
    }
  }
}
