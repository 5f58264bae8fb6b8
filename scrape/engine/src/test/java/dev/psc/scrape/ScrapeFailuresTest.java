package dev.psc.scrape;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.pprof.format.SampleType;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.http.ScrapeOutcome;
import dev.psc.scrape.loop.ScrapeReport;
import dev.psc.scrape.loop.TargetStatus;
import dev.psc.scrape.target.ProfileSettings;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import dev.psc.testkit.TestProfiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything that a target may answer instead of a profile, over real sockets. */
class ScrapeFailuresTest {

  private static final byte[] GOOD = TestProfiles.cpu("main");

  /** Tests scrape by hand. */
  private static final Duration SELDOM = Duration.ofDays(365);

  private static final String BINARY = "application/octet-stream";

  private final Queue<RawProfile> received = new ConcurrentLinkedQueue<>();
  private TestServer server;
  private TestServer elsewhere;

  @BeforeEach
  void start() throws IOException {
    server = TestServer.start(call -> call.answer(200, BINARY, GOOD));
    elsewhere = TestServer.start(call -> call.answer(200, BINARY, GOOD));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    elsewhere.close();
  }

  private static ProfileSettings profile(String path) {
    return ProfileSettings.builder().enabled(true).path(path).build();
  }

  private ScrapeJob.Builder job() {
    return ScrapeJob.builder("api")
        .interval(SELDOM)
        .timeout(Duration.ofSeconds(20))
        .bodySizeLimitBytes(1 << 20)
        .inflatedSizeLimitBytes(1 << 21)
        .onlyProfiles(Map.of("bad", profile("/bad"), "good", profile("/good")))
        .discovery(StaticDiscovery.of(server.address()));
  }

  private ScrapeJob keeping(String type, String unit) {
    ProfileSettings bad =
        ProfileSettings.builder()
            .enabled(true)
            .path("/bad")
            .keepSampleTypes(List.of(new SampleType(type, unit)))
            .build();
    return job().onlyProfiles(Map.of("bad", bad, "good", profile("/good"))).build();
  }

  /** Scrapes the bad and the good profile of a target; returns the report of the bad one. */
  private ScrapeReport scrape(ScrapeJob job) throws Exception {
    try (Scraper scraper = Scraper.builder().job(job).build()) {
      scraper.start(
          profile -> {
            received.add(profile);
            return new Acceptance.Accepted();
          });
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(10))
          .atMost(RecordingSink.PATIENCE)
          .until(() -> scraper.snapshot().targets().size() == 2);
      ScrapeReport bad = now(scraper, "bad");
      ScrapeReport good = now(scraper, "good");
      assertThat(good.message()).isEmpty();
      assertThat(good.outcome()).isEqualTo(ScrapeOutcome.OK);
      TargetStatus status = status(scraper, "bad");
      assertThat(status.lastError()).isEqualTo(bad.message());
      assertThat(status(scraper, "good").health()).isEqualTo(TargetStatus.Health.UP);
      return bad;
    }
  }

  private static ScrapeReport now(Scraper scraper, String profile) throws Exception {
    return scraper.scrapeNow(status(scraper, profile).target().id()).get(60, TimeUnit.SECONDS);
  }

  private static TargetStatus status(Scraper scraper, String profile) {
    return scraper.snapshot().targets().stream()
        .filter(status -> status.target().labels().valueOf("__name__").equals(profile))
        .findFirst()
        .orElseThrow();
  }

  private ScrapeReport answering(TestServer.Handler bad) throws Exception {
    return answering(job().build(), bad);
  }

  private ScrapeReport answering(ScrapeJob job, TestServer.Handler bad) throws Exception {
    server.handler(
        call -> {
          if (call.path().startsWith("/bad")) {
            bad.answer(call);
          } else {
            call.answer(200, BINARY, GOOD);
          }
        });
    ScrapeReport report = scrape(job);
    checkLine(report);
    return report;
  }

  /** One line that begins with the target and holds nothing that could break a log. */
  private void checkLine(ScrapeReport report) {
    assertThat(report.message())
        .startsWith(server.url("/bad") + ": ")
        .hasSizeLessThan(1_000)
        .doesNotContainPattern("[\\x00-\\x1f\\x7f\\u202e]");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static TestServer.Handler status(int status, String body) {
    return call -> call.answer(status, "text/plain", body);
  }

  private static TestServer.Handler ok(String type, String body) {
    return call -> call.answer(200, type, body);
  }

  private static TestServer.Handler ok(byte[] body) {
    return call -> call.answer(200, BINARY, body);
  }

  private static TestServer.Handler raw(String answer) {
    return call -> {
      call.write(answer);
      call.close();
    };
  }

  static Stream<Arguments> answers() throws IOException {
    byte[] bomb = gzip(new byte[64 << 20]);
    return Stream.of(
        Arguments.of(
            "404",
            status(404, "404 page not found\n"),
            "not_found",
            "returned 404 \"404 page not found\"",
            "correct its path and path_prefix"),
        Arguments.of(
            "501",
            status(501, "live heap is not supported"),
            "not_found",
            "live heap is not supported",
            "enabled: false"),
        Arguments.of(
            "401", status(401, ""), "auth", "returned 401", "set basic_auth, authorization"),
        Arguments.of(
            "403", status(403, "no"), "auth", "returned 403 \"no\"", "as the target requires"),
        Arguments.of(
            "500",
            status(500, "panic: \u001b[31mred\u202e\r\nnext"),
            "status",
            "returned 500 \"panic: \ufffd[31mred\ufffd next\"",
            "the target's log"),
        Arguments.of("long body", status(500, "x".repeat(100_000)), "status", "xxx…\"", "log"),
        Arguments.of(
            "busy",
            status(500, "Could not enable CPU profiling: cpu profiling already in use\n"),
            "cpu_busy",
            "cpu profiling already in use",
            "let only one scraper"),
        Arguments.of(
            "503", status(503, "starting"), "status", "starting", "overloaded or not ready"),
        Arguments.of("429", status(429, ""), "status", "returned 429", "overloaded or not ready"),
        Arguments.of(
            "html",
            ok("text/html; charset=utf-8", "<!DOCTYPE html><title>Login</title>"),
            "html",
            "a web page, not pprof (text/html, \"<!DOCTYPE html>",
            "login page"),
        Arguments.of(
            "html fragment",
            ok("text/html", " <div>hi</div>"),
            "html",
            "a web page",
            "port and path"),
        Arguments.of(
            "empty", ok(BINARY, ""), "empty", "the response is empty", "check the profile's path"),
        Arguments.of(
            "goroutines",
            ok("text/plain", "goroutine 1 [running]:\nmain.main()\n"),
            "legacy_text",
            "goroutine 1",
            "remove debug=1"),
        Arguments.of(
            "metrics",
            ok("text/plain", "# HELP go_goroutines Number\n"),
            "not_pprof",
            "# HELP go_goroutines",
            "check the profile's path"),
        Arguments.of(
            "json",
            ok("application/json", "{\"error\": \"nope\"}"),
            "not_pprof",
            "application/json",
            "check the profile's path"),
        Arguments.of(
            "binary",
            ok(new byte[] {(byte) 0xff, 0, 1, 2}),
            "invalid_profile|not_pprof",
            "",
            "path|corrected"),
        Arguments.of(
            "gzip of text",
            ok(gzip("hello, world".getBytes(StandardCharsets.UTF_8))),
            "invalid_profile|not_pprof",
            "",
            "path|corrected"),
        Arguments.of(
            "cut gzip", ok(Arrays.copyOf(GOOD, GOOD.length / 2)), "truncated", "", "broke off"),
        Arguments.of("cut in the header", ok(Arrays.copyOf(GOOD, 5)), "truncated", "", "broke off"),
        Arguments.of(
            "garbage behind",
            ok(concat(GOOD, new byte[] {1, 2, 3})),
            "invalid_profile",
            "",
            "corrected"),
        Arguments.of("bomb", ok(bomb), "too_large", "2097152", "raise inflated_size_limit"),
        Arguments.of(
            "large by length",
            raw("HTTP/1.1 200 x\r\nContent-Length: 2000000\r\n\r\n" + "x".repeat(1_100_000)),
            "too_large",
            "limit of 1048576 bytes",
            "raise body_size_limit"),
        Arguments.of(
            "body cut",
            raw("HTTP/1.1 200 x\r\nContent-Length: 50\r\n\r\nabc"),
            "truncated",
            "in the middle of the body",
            ""),
        Arguments.of(
            "chunk cut",
            raw("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc"),
            "truncated",
            "in the middle of the body",
            ""),
        Arguments.of(
            "command line",
            ok("text/plain; charset=utf-8", "/usr/bin/app\0--password=hunter2\0-x"),
            "not_pprof",
            "the response is a command line, as Go's /debug/pprof/cmdline gives it, not a profile",
            "correct the profile's path"),
        Arguments.of(
            "trace",
            ok("go 1.22 trace\0\0\0\1\2\3".getBytes(StandardCharsets.US_ASCII)),
            "not_pprof",
            "the response is an execution trace",
            "correct the profile's path"),
        Arguments.of(
            "symbol",
            ok("text/plain; charset=utf-8", "num_symbols: 1\n"),
            "not_pprof",
            "the symbol table of Go's /debug/pprof/symbol",
            "correct the profile's path"),
        Arguments.of(
            "recording",
            ok("FLR\0\0\2\0\1".getBytes(StandardCharsets.US_ASCII)),
            "not_pprof",
            "a JDK Flight Recording",
            "correct the profile's path"),
        Arguments.of(
            "gperftools' symbols",
            ok("text/plain", "--- symbol\nbinary=/bin/x\n"),
            "legacy_text",
            "in a legacy text format that is not converted",
            "has to serve pprof's protobuf format"),
        Arguments.of(
            "tcmalloc's heap, damaged",
            ok("text/plain", "heap profile: 1: 2 [ 1: 2] @ heap_v2/524288\nx\n"),
            "legacy_text",
            "line 2 of a profile in a legacy text format is malformed",
            "has to be corrected"),
        Arguments.of(
            "gperftools' CPU profile, cut",
            ok(words(0, 3, 0, 10_000, 0, 1, 99, 3, 4)),
            "not_pprof",
            "a binary CPU profile of gperftools that is damaged or cut",
            "check the profile's path"),
        Arguments.of(
            "brotli",
            encoded("br", new byte[] {0x0b, 0x02, (byte) 0x80, 1}),
            "protocol",
            "the response has Content-Encoding: br, but only gzip was accepted",
            "disable it"),
        Arguments.of(
            "deflate",
            encoded("Deflate", new byte[] {0x78, (byte) 0x9c, 1, 2}),
            "protocol",
            "Content-Encoding: deflate",
            "disable it"),
        Arguments.of(
            "zstd",
            encoded("zstd", new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd}),
            "protocol",
            "Content-Encoding: zstd",
            "disable it"),
        Arguments.of(
            "zstd without header",
            ok(new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, 0}),
            "not_pprof",
            "compressed with zstd",
            "with gzip or without compression"),
        Arguments.of(
            "page in gzip",
            encoded("gzip", gzip("<html>Login</html>".getBytes(StandardCharsets.UTF_8))),
            "html",
            "a web page, not pprof (\"<html>Login</html>\")",
            "login page"),
        Arguments.of(
            "error in gzip",
            raw(500, "gzip", gzip("cpu profiling already in use".getBytes(StandardCharsets.UTF_8))),
            "cpu_busy",
            "returned 500 \"cpu profiling already in use\"",
            "let only one scraper"),
        Arguments.of(
            "length and chunks",
            raw(
                String.join(
                    "\r\n",
                    List.of(
                        "HTTP/1.1 200 x",
                        "Transfer-Encoding: chunked",
                        "Content-Length: 5",
                        "",
                        "5",
                        "abcde",
                        "0",
                        "",
                        ""))),
            "protocol",
            "framing of the response is invalid (both Content-Length and Transfer-Encoding",
            "HTTP server or the proxy"),
        Arguments.of(
            "two lengths",
            raw("HTTP/1.1 200 x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            "protocol",
            "Content-Length has several values: 1, 2",
            "HTTP server or the proxy"),
        Arguments.of(
            "length in words",
            raw("HTTP/1.1 200 x\r\nContent-Length: five\r\n\r\nabcde"),
            "protocol",
            "framing of the response is invalid",
            "HTTP server or the proxy"),
        Arguments.of(
            "length below zero",
            raw("HTTP/1.1 200 x\r\nContent-Length: -5\r\n\r\nabcde"),
            "protocol",
            "Content-Length is \"-5\"",
            "HTTP server or the proxy"),
        Arguments.of(
            "no chunks",
            raw("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabcde\r\n"),
            "protocol",
            "framing of the response is invalid (Illegal character in chunk size",
            "HTTP server or the proxy"),
        Arguments.of(
            "transfer encoding",
            raw("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
            "protocol",
            "Transfer-Encoding \"gzip, chunked\" is not supported",
            "HTTP server or the proxy"),
        Arguments.of(
            "header",
            raw("HTTP/1.1 200 x\r\nBad Name: x\r\nContent-Length: 1\r\n\r\nx"),
            "protocol",
            "framing of the response is invalid (Invalid header name",
            "HTTP server or the proxy"),
        Arguments.of(
            "not http", raw("SSH-2.0-OpenSSH_9.2\r\n"), "protocol", "not HTTP", "check the port"),
        Arguments.of("hangs up", raw(""), "broken", "the connection was lost", "retried"));
  }

  private static TestServer.Handler encoded(String encoding, byte[] body) {
    return raw(200, encoding, body);
  }

  private static TestServer.Handler raw(int status, String encoding, byte[] body) {
    return call -> {
      call.write(
          "HTTP/1.1 "
              + status
              + " x\r\nContent-Encoding: "
              + encoding
              + "\r\nContent-Length: "
              + body.length
              + "\r\n\r\n");
      call.write(body);
    };
  }

  private static byte[] words(long... words) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * words.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long word : words) {
      buffer.putLong(word);
    }
    return buffer.array();
  }

  private static byte[] concat(byte[] a, byte[] b) {
    byte[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("answers")
  void saysInOneLineWhatCameAndWhatToDo(
      String name, TestServer.Handler bad, String reason, String what, String advice)
      throws Exception {
    ScrapeReport report = answering(bad);
    assertThat(report.reason()).matches(reason);
    assertThat(report.outcome().reason()).isEqualTo(report.reason());
    assertThat(report.message()).contains(what).containsPattern(advice).doesNotContain("hunter2");
    assertThat(received).extracting(RawProfile::name).containsExactly("good");
  }

  @Test
  void asksForGzipAndNothingElse() throws Exception {
    answering(status(404, ""));
    assertThat(server.heads())
        .isNotEmpty()
        .allSatisfy(head -> assertThat(head).containsIgnoringCase("\r\nAccept-Encoding: gzip\r\n"));
  }

  @Test
  void anEndlessBodyIsGivenUpAtTheLimit() throws Exception {
    ScrapeReport report =
        answering(
            call -> {
              call.write("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n");
              String chunk = "4000\r\n" + "x".repeat(0x4000) + "\r\n";
              while (true) {
                call.write(chunk);
              }
            });
    assertThat(report.reason()).isEqualTo("too_large");
    assertThat(report.message()).contains("raise body_size_limit");
  }

  @Test
  void theDeadlineCoversTheWholeBody() throws Exception {
    ScrapeReport report =
        answering(
            job().timeout(Duration.ofSeconds(1)).build(),
            call -> {
              call.write("HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n");
              for (int i = 0; i < 100_000; i++) {
                call.write("x");
                TimeUnit.MILLISECONDS.sleep(20);
              }
            });
    assertThat(report.reason()).isEqualTo("timeout");
    assertThat(report.message())
        .contains("the body was not complete within 1s; raise scrape_timeout");
    assertThat(report.duration()).isLessThan(Duration.ofSeconds(15));
  }

  @Test
  void aTargetThatNeverAnswersTimesOut() throws Exception {
    ScrapeReport report =
        answering(
            job().timeout(Duration.ofSeconds(1)).build(),
            call -> new java.util.concurrent.CountDownLatch(1).await());
    assertThat(report.reason()).isEqualTo("timeout");
    assertThat(report.message()).contains("no response within 1s; raise scrape_timeout");
  }

  @Test
  void answersThatWouldNotFitIntoMemoryAreNotRead() throws Exception {
    try (Scraper scraper = Scraper.builder().job(job().build()).maxBytesInFlight(10).build()) {
      scraper.start(profile -> new Acceptance.Accepted());
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(10))
          .atMost(RecordingSink.PATIENCE)
          .until(() -> scraper.snapshot().targets().size() == 2);
      ScrapeReport report = now(scraper, "bad");
      checkLine(report);
      assertThat(report.reason()).isEqualTo("overloaded");
      assertThat(report.message()).contains("responses being read exceed 10 bytes in total");
    }
  }

  /** Go takes the requested seconds; others respond immediately. */
  @Test
  void aDeltaMayTakeItsSecondsOrNone() throws Exception {
    ProfileSettings delta =
        ProfileSettings.builder().enabled(true).path("/bad").delta(true).seconds(1).build();
    ScrapeJob job =
        ScrapeJob.builder("api")
            .interval(SELDOM)
            .timeout(Duration.ofSeconds(3))
            .onlyProfiles(Map.of("bad", delta, "good", profile("/good")))
            .discovery(StaticDiscovery.of(server.address()))
            .build();
    server.handler(
        call -> {
          if (call.path().equals("/bad?seconds=1")) {
            TimeUnit.SECONDS.sleep(1);
          }
          call.answer(200, BINARY, GOOD);
        });
    ScrapeReport slow = scrape(job);
    assertThat(slow.outcome()).as(slow.message()).isEqualTo(ScrapeOutcome.OK);
    assertThat(slow.duration()).isGreaterThanOrEqualTo(Duration.ofSeconds(1));
    server.handler(call -> call.answer(200, BINARY, GOOD));
    assertThat(scrape(job).outcome()).isEqualTo(ScrapeOutcome.OK);
  }

  @Test
  void nobodyAtThePortIsRefused() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    ScrapeJob job =
        ScrapeJob.builder("api")
            .interval(SELDOM)
            .onlyProfiles(Map.of("bad", profile("/bad")))
            .discovery(StaticDiscovery.of("127.0.0.1:" + port))
            .build();
    try (Scraper scraper = Scraper.builder().job(job).build()) {
      scraper.start(profile -> new Acceptance.Accepted());
      Awaitility.await()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(10))
          .atMost(RecordingSink.PATIENCE)
          .until(() -> scraper.snapshot().targets().size() == 1);
      ScrapeReport report = now(scraper, "bad");
      assertThat(report.reason()).isEqualTo("refused");
      assertThat(report.message())
          .isEqualTo(
              "http://127.0.0.1:"
                  + port
                  + "/bad: connection refused; check that the target runs and listens on this"
                  + " port");
    }
  }

  @Test
  void redirectsOfTheSameOriginKeepCredentialsAndOthersDoNot() throws Exception {
    ScrapeJob job =
        job()
            .http(
                dev.psc.scrape.http.HttpSettings.builder()
                    .credentials(
                        new dev.psc.scrape.http.Credentials.Header(
                            "Bearer",
                            dev.psc.scrape.http.SecretSource.of(
                                dev.psc.scrape.settings.Secret.of("s3cret"))))
                    .build())
            .build();
    server.handler(
        call -> {
          switch (call.path()) {
            case "/bad" -> call.redirect(308, "/bad/");
            case "/bad/" -> call.redirect(301, elsewhere.url("/there"));
            default -> call.answer(200, BINARY, GOOD);
          }
        });
    ScrapeReport report = scrape(job);
    assertThat(report.outcome()).isEqualTo(ScrapeOutcome.OK);
    assertThat(server.heads())
        .filteredOn(head -> head.startsWith("GET /bad/ "))
        .hasSize(1)
        .allMatch(head -> head.contains("Authorization: Bearer s3cret"));
    assertThat(elsewhere.heads()).hasSize(1).noneMatch(head -> head.contains("s3cret"));
  }

  @Test
  void redirectsThatLeadNowhereSayWhere() throws Exception {
    ScrapeReport loop = answering(call -> call.redirect(302, "/bad"));
    assertThat(loop.reason()).isEqualTo("redirect");
    assertThat(loop.message()).contains("after 10 redirects; check for a loop");
    ScrapeReport without = answering(call -> call.redirect(302, "ftp://x/"));
    assertThat(without.message()).contains("without a usable Location");
    ScrapeReport unwanted =
        answering(
            job()
                .http(dev.psc.scrape.http.HttpSettings.builder().followRedirects(false).build())
                .build(),
            call -> call.redirect(307, "/good"));
    assertThat(unwanted.reason()).isEqualTo("redirect");
    assertThat(unwanted.message()).contains("set follow_redirects: true");
  }

  @Test
  void aProfileWithoutTheSampleTypesToKeepIsSaidSo() throws Exception {
    ScrapeReport report = answering(keeping("inuse_space", "bytes"), ok(GOOD));
    assertThat(report.reason()).isEqualTo("no_sample_type");
    assertThat(report.message()).contains("inuse_space").contains("correct keep_sample_type");
  }

  @Test
  void keepsTheSampleTypesOfAConvertedProfile() throws Exception {
    ScrapeReport report =
        answering(
            keeping("cpu", "nanoseconds"),
            ok("text/plain", "heap profile: 1: 2 [ 1: 2] @ heapprofile\n 1: 2 [ 1: 2] @ 0x10\n"));
    assertThat(report.reason()).isEqualTo("no_sample_type");
    assertThat(report.message()).contains("objects/count").contains("space/bytes");
  }

  @Test
  void whatATransformThrowsOrRejectsIsItsOwn() throws Exception {
    ScrapeReport thrown =
        answering(
            job()
                .transform(
                    profile -> {
                      if (profile.name().equals("bad")) {
                        throw new IllegalStateException("ouch");
                      }
                      return new dev.psc.delivery.spi.ProfileTransform.Result.Pass(profile);
                    })
                .build(),
            ok(GOOD));
    assertThat(thrown.reason()).isEqualTo("transform_failed");
    assertThat(thrown.message()).contains("threw java.lang.IllegalStateException: ouch");
    ScrapeReport rejected =
        answering(
            job()
                .transform(
                    profile ->
                        profile.name().equals("bad")
                            ? new dev.psc.delivery.spi.ProfileTransform.Result.Reject(
                                "mine", "not it")
                            : new dev.psc.delivery.spi.ProfileTransform.Result.Pass(profile))
                .build(),
            ok(GOOD));
    assertThat(rejected.reason()).isEqualTo("mine");
    assertThat(rejected.outcome()).isEqualTo(ScrapeOutcome.REJECTED);
    assertThat(rejected.message()).endsWith(": not it");
  }

  @Test
  void requestsAreThoseThatAnyServerUnderstands() throws Exception {
    ScrapeReport report = answering(ok("x", "y"));
    assertThat(report.reason()).isEqualTo("not_pprof");
    String head = server.heads().get(0);
    assertThat(head)
        .startsWith("GET /bad HTTP/1.1\r\n")
        .contains("User-Agent: psc-scraper\r\n")
        .doesNotContainIgnoringCase("upgrade:")
        .doesNotContainIgnoringCase("h2c");
  }
}
