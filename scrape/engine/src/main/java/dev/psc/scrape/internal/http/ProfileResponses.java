package dev.psc.scrape.internal.http;

import dev.psc.net.LogText;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.ScrapeOutcome;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** Recognizes profiles among the responses of targets and explains all others. */
public final class ProfileResponses {

  /** The content encoding that {@link #profile} accepts. */
  public static final String ACCEPTED_ENCODING = ContentEncodings.ACCEPTED;

  private static final int EXCERPT = 200;
  private static final int ERROR_EXCERPT = 512;

  /** The number of bytes of a body that are inspected. */
  private static final int BEGINNING = 4096;

  /** The text forms of Go's own profiles. */
  private static final List<String> DEBUG_TEXT =
      List.of(
          "heap profile:",
          "goroutine profile:",
          "goroutine ",
          "threadcreate profile:",
          "--- contention:",
          "--- mutex:");

  /** The formats before pprof's protobuf that validation converts. */
  private static final Pattern CONVERTED =
      Pattern.compile(
          "heap profile:|--- contention|--- heapz |--- mutex:|--- thread|\\S{1,100} profile:"
              + " total ");

  /** Other text forms of gperftools. */
  private static final List<String> LEGACY_TEXT =
      List.of("growth profile:", "heapz ", "--- cpu", "--- growth", "--- profile", "--- symbol");

  private static final Pattern DEBUG = Pattern.compile("(^|[&;])debug=[1-9]");

  private static final String TO_PROTOBUF =
      "; the target has to serve pprof's protobuf format: update its profiling library";

  private ProfileResponses() {}

  /**
   * Returns the body of a response that may be a profile.
   *
   * @param answer any response
   * @param uri the requested URL
   * @return the body, which may have gzip as a content encoding around a compressed profile
   * @throws HttpFailure when it is something else; the message names it
   */
  public static byte[] profile(HttpAnswer answer, URI uri) throws HttpFailure {
    byte[] body = answer.body();
    if (answer.status() == 200
        && ContentEncodings.isGzip(body)
        && ContentEncodings.isPlain(answer.headers())) {
      // Nearly every response.
      return body;
    }
    String where = LogSafe.url(uri);
    byte[] start = ContentEncodings.beginning(answer.headers(), body, BEGINNING);
    if (answer.status() != 200) {
      throw failedStatus(answer, start, where);
    }
    if (body.length == 0) {
      throw new HttpFailure(
          ScrapeOutcome.EMPTY, where + ": the response is empty; check the profile's path");
    }
    // Of a content encoding that is not gzip, a profile may be none the less: Go's client ignores
    // the header.
    if (ContentEncodings.isGzip(start)) {
      return body;
    }
    Optional<String> encoding = ContentEncodings.unasked(answer.headers());
    if (encoding.isPresent()) {
      throw new HttpFailure(
          ScrapeOutcome.PROTOCOL,
          where
              + ": the response has Content-Encoding: "
              + LogText.line(encoding.get(), 40)
              + ", but only gzip was accepted; disable it at the target or at the proxy in"
              + " front of it");
    }
    Optional<String> compression = OtherBodies.compression(start);
    if (compression.isPresent()) {
      throw new HttpFailure(
          ScrapeOutcome.NOT_PPROF,
          where
              + ": the response is compressed with "
              + compression.get()
              + "; the target must send its profile with gzip or without compression");
    }
    String path = String.valueOf(uri.getPath());
    Optional<String> other = OtherBodies.name(start, path, answer.contentType());
    if (other.isPresent()) {
      throw new HttpFailure(
          ScrapeOutcome.NOT_PPROF,
          where
              + ": the response is "
              + other.get()
              + ", not a profile; correct the profile's path, e.g. /debug/pprof/heap");
    }
    Optional<String> text = text(start);
    if (text.isEmpty()) {
      return body;
    }
    String beginning = text.get().stripLeading();
    // The text that was asked for with debug=1 has no mappings: nothing names its functions later.
    boolean asked = uri.getRawQuery() != null && DEBUG.matcher(uri.getRawQuery()).find();
    if (!asked && CONVERTED.matcher(beginning).lookingAt()) {
      return body;
    }
    throw notPprof(answer, start, beginning.toLowerCase(Locale.ROOT), where);
  }

  private static HttpFailure notPprof(
      HttpAnswer answer, byte[] beginning, String start, String where) {
    String came = contentType(answer) + LogSafe.excerpt(beginning, EXCERPT);
    if (DEBUG_TEXT.stream().anyMatch(start::startsWith)) {
      return new HttpFailure(
          ScrapeOutcome.LEGACY_TEXT,
          where
              + ": the response is a profile as text, not pprof ("
              + came
              + "); remove debug=1 from params and path");
    }
    if (LEGACY_TEXT.stream().anyMatch(start::startsWith)) {
      return new HttpFailure(
          ScrapeOutcome.LEGACY_TEXT,
          where
              + ": the response is in a legacy text format that is not converted to pprof ("
              + came
              + ")"
              + TO_PROTOBUF);
    }
    boolean html = start.startsWith("<") && answer.contentType().contains("html");
    if (html || start.startsWith("<!doctype") || start.startsWith("<html")) {
      return new HttpFailure(
          ScrapeOutcome.HTML,
          where
              + ": the response is a web page, not pprof ("
              + came
              + "); check port and path, and that no proxy or login page responds instead");
    }
    return new HttpFailure(
        ScrapeOutcome.NOT_PPROF,
        where
            + ": the response is text, not pprof ("
            + came
            + "); check the profile's path, e.g. /debug/pprof/heap");
  }

  private static String contentType(HttpAnswer answer) {
    String type = answer.contentType();
    return type.isEmpty() ? "" : LogText.line(type, 60) + ", ";
  }

  private static HttpFailure failedStatus(HttpAnswer answer, byte[] start, String where) {
    int status = answer.status();
    // An error message may have colours or be cut: control characters do not rule out text.
    String words = new String(start, StandardCharsets.UTF_8);
    String excerpt = LogSafe.excerpt(start, ERROR_EXCERPT);
    String said = excerpt.startsWith("\"") && !words.isBlank() ? " " + excerpt : "";
    String lower = words.toLowerCase(Locale.ROOT);
    String what = where + ": returned " + status + said;
    if (lower.contains("already in use")
        || lower.contains("already running")
        || lower.contains("already profiling")
        || lower.contains("profiling in progress")) {
      return new HttpFailure(
          ScrapeOutcome.CPU_BUSY,
          what
              + "; another client is taking a profile of the target: let only one scraper take CPU"
              + " profiles of it. Retried at the next interval");
    }
    return switch (status) {
      case 401, 403 ->
          new HttpFailure(
              ScrapeOutcome.AUTH,
              what + "; set basic_auth, authorization or oauth2 as the target requires");
      case 407 ->
          new HttpFailure(
              ScrapeOutcome.PROXY,
              what
                  + "; the proxy requires authentication: put user:password@ into proxy_url, or"
                  + " Proxy-Authorization into proxy_connect_header");
      case 404, 501 ->
          new HttpFailure(
              ScrapeOutcome.NOT_FOUND,
              what
                  + "; the target has no such profile: correct its path and path_prefix, or set"
                  + " enabled: false for it");
      case 301, 302, 303, 307, 308 ->
          new HttpFailure(
              ScrapeOutcome.REDIRECT,
              what + "; set follow_redirects: true, or set path to the target of the redirect");
      case 429, 503 ->
          new HttpFailure(
              ScrapeOutcome.STATUS, what + "; the target is overloaded or not ready yet");
      default -> new HttpFailure(ScrapeOutcome.STATUS, what + "; check the target's log");
    };
  }

  /** Returns the body as text, or nothing when it has bytes that text does not have. */
  private static Optional<String> text(byte[] body) {
    int length = Math.min(body.length, 1024);
    for (int i = 0; i < length; i++) {
      int c = body[i] & 0xff;
      if (c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f') {
        return Optional.empty();
      }
    }
    String text = new String(body, 0, length, StandardCharsets.UTF_8);
    // A character may be cut at the end.
    int odd = text.indexOf('\ufffd');
    return odd >= 0 && odd < text.length() - 4 ? Optional.empty() : Optional.of(text);
  }
}
