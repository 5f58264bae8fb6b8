package dev.psc.jvm;

import dev.psc.jvm.internal.dump.ThreadDump;
import dev.psc.jvm.internal.runtime.JvmFailures;
import dev.psc.jvm.profile.JvmProfile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/**
 * A handler of requests for profiles, compatible with Go's {@code net/http/pprof}, for any HTTP
 * server. Mount it at {@code /debug/pprof}. A request with {@code seconds} blocks its thread for
 * that time and about one more second. Thread-safe.
 */
public final class PprofHandler {

  private static final String PREFIX = "/debug/pprof";
  private static final Duration DEFAULT_CPU = Duration.ofSeconds(30);
  private static final int GZIP_FROM_BYTES = 1_024;

  private final Profiler profiler;
  private final ProfileFactory factory;
  private final PprofIndex index;
  private final Duration maxDuration;
  private final PprofToken token;
  private final boolean commandLine;

  PprofHandler(
      Profiler profiler,
      ProfileFactory factory,
      PprofIndex index,
      Duration maxDuration,
      PprofToken token,
      boolean commandLine) {
    this.profiler = profiler;
    this.factory = factory;
    this.index = index;
    this.maxDuration = maxDuration;
    this.token = token;
    this.commandLine = commandLine;
  }

  /** Answers a request. Never throws; an interrupt of the thread ends it early. */
  public PprofResponse handle(PprofRequest request) {
    if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
      return error(405, "only GET and HEAD are allowed", Map.of("Allow", "GET, HEAD"));
    }
    try {
      if (!token.allows(request.header("authorization").orElse(""))) {
        return error(
            401, "send the token as Authorization: Bearer …", Map.of("WWW-Authenticate", "Bearer"));
      }
    } catch (UncheckedIOException e) {
      return error(503, "the token for profiles cannot be read", Map.of());
    }
    String name = name(request.path());
    try {
      return switch (name) {
        case "" -> text(request, "text/html; charset=utf-8", index.html());
        case "cmdline" -> commandLine(request);
        default -> profile(request, name);
      };
    } catch (Profiler.UnavailableException e) {
      return error(
          e.busy() ? 429 : 501,
          name + ": " + e.getMessage(),
          e.busy() ? Map.of("Retry-After", "5") : Map.of());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return error(503, "interrupted", Map.of());
    } catch (IllegalArgumentException e) {
      return error(400, JvmFailures.message(e), Map.of());
    } catch (RuntimeException e) {
      return error(500, name + " failed: " + e, Map.of());
    }
  }

  private static String name(String path) {
    int at = path.indexOf(PREFIX);
    String rest = at < 0 ? path : path.substring(at + PREFIX.length());
    int from = 0;
    int to = rest.length();
    while (from < to && rest.charAt(from) == '/') {
      from++;
    }
    while (to > from && rest.charAt(to - 1) == '/') {
      to--;
    }
    return rest.substring(from, to);
  }

  private PprofResponse profile(PprofRequest request, String name)
      throws Profiler.UnavailableException, InterruptedException {
    Optional<JvmProfile> found = JvmProfile.named(name);
    if (found.isEmpty() || !found.get().path().equals(name)) {
      return error(404, "unknown profile \"" + name + "\"; see " + PREFIX + "/", Map.of());
    }
    JvmProfile profile = found.get();
    if (profile == JvmProfile.NATIVE_MEMORY) {
      return error(501, name + ": " + ProfilingSettings.NATIVE_MEMORY_REASON, Map.of());
    }
    if (!profiler.profiles().contains(profile)) {
      return error(
          404, "profile " + name + " is disabled: add " + profile + " to the profiles", Map.of());
    }
    Optional<Duration> seconds = seconds(request);
    if (request.method().equals("HEAD")) {
      return new PprofResponse(200, headers("application/octet-stream"), new byte[0]);
    }
    int debug = debug(request);
    if (debug == 2 && profile == JvmProfile.GOROUTINE) {
      return text(
          request, "text/plain; charset=utf-8", ThreadDump.text(profiler.settings().ownThreads()));
    }
    ProfileFactory.EncodableProfile made = make(profile, seconds, request);
    if (debug > 0) {
      return text(request, "text/plain; charset=utf-8", made.text());
    }
    Map<String, String> headers = headers("application/octet-stream");
    headers.put("Content-Disposition", "attachment; filename=\"" + name + "\"");
    return new PprofResponse(200, headers, made.pprof());
  }

  private ProfileFactory.EncodableProfile make(
      JvmProfile profile, Optional<Duration> seconds, PprofRequest request)
      throws Profiler.UnavailableException, InterruptedException {
    if (profile == JvmProfile.GOROUTINE && isOn(request, "virtual")) {
      return factory.allThreads();
    }
    if (profile == JvmProfile.LEAK_SUSPECTS && isOn(request, "paths")) {
      return factory.leaks(true);
    }
    if (profile.isMoment()) {
      return factory.moment(profile);
    }
    if (!profile.isCumulative()) {
      return factory.span(profile, seconds.orElse(DEFAULT_CPU));
    }
    return seconds.isPresent() ? factory.span(profile, seconds.get()) : factory.total(profile);
  }

  private static boolean isOn(PprofRequest request, String parameter) {
    return request.parameter(parameter).orElse("0").equals("1");
  }

  private Optional<Duration> seconds(PprofRequest request) {
    Optional<String> text = request.parameter("seconds");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    double seconds;
    try {
      seconds = Double.parseDouble(text.get());
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "seconds must be a number, but was \"" + text.get() + "\"");
    }
    if (seconds == 0) {
      return Optional.empty();
    }
    if (!(seconds > 0) || seconds > maxDuration.toSeconds()) {
      throw new IllegalArgumentException(
          "seconds must be more than 0 and at most "
              + maxDuration.toSeconds()
              + ", but was "
              + text.get());
    }
    return Optional.of(Duration.ofNanos(Math.round(seconds * 1e9)));
  }

  private static int debug(PprofRequest request) {
    return switch (request.parameter("debug").orElse("0")) {
      case "0" -> 0;
      case "1" -> 1;
      case "2" -> 2;
      default -> throw new IllegalArgumentException("debug must be 0, 1 or 2");
    };
  }

  private PprofResponse commandLine(PprofRequest request) {
    if (!commandLine) {
      return error(
          404,
          "cmdline is disabled because it may show secrets; enable it with commandLine",
          Map.of());
    }
    return text(request, "text/plain; charset=utf-8", CommandLine.masked());
  }

  private static PprofResponse text(PprofRequest request, String type, String text) {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    Map<String, String> headers = headers(type);
    if (body.length >= GZIP_FROM_BYTES
        && request.header("accept-encoding").orElse("").contains("gzip")) {
      headers.put("Content-Encoding", "gzip");
      body = gzip(body);
    }
    return new PprofResponse(200, headers, body);
  }

  private static byte[] gzip(byte[] plain) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(plain.length / 4);
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(plain);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static Map<String, String> headers(String type) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("Content-Type", type);
    headers.put("X-Content-Type-Options", "nosniff");
    headers.put("X-Frame-Options", "DENY");
    headers.put("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    headers.put("Cache-Control", "no-store");
    return headers;
  }

  /** Go's tools show the body of an error that has this header. */
  private static PprofResponse error(int status, String message, Map<String, String> more) {
    Map<String, String> headers = headers("text/plain; charset=utf-8");
    headers.put("X-Go-Pprof", "1");
    headers.putAll(more);
    return new PprofResponse(status, headers, (message + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** Returns the profiles that are served. */
  List<JvmProfile> profiles() {
    return profiler.profiles().stream().sorted().toList();
  }
}
