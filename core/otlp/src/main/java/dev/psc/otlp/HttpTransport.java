package dev.psc.otlp;

import dev.psc.delivery.spi.SendOutcome;
import dev.psc.net.DaemonThreads;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/** OTLP over HTTP with protobuf bodies, by the JDK's client. */
final class HttpTransport implements OtlpTransport {

  private final OtlpSettings settings;
  private final URI uri;
  private final ExecutorService executor =
      Executors.newCachedThreadPool(DaemonThreads.named("psc-otlp-http"));
  private final HttpClient client;

  HttpTransport(OtlpSettings settings) {
    this.settings = settings;
    this.uri = settings.httpUri();
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.timeout())
            .executor(executor);
    if (uri.getScheme().equals("https")) {
      builder.sslContext(Tls.context(settings));
    }
    client = builder.build();
  }

  @Override
  public CompletionStage<SendOutcome> send(byte[] request, ResponseListener accepted) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(uri)
            .timeout(settings.timeout())
            .header("Content-Type", "application/x-protobuf")
            .header("User-Agent", "psc-java-otlp/" + settings.version());
    settings.headers().forEach(builder::header);
    byte[] body = request;
    if (settings.gzip()) {
      builder.header("Content-Encoding", "gzip");
      body = gzip(request);
    }
    builder.POST(HttpRequest.BodyPublishers.ofByteArray(body));
    return client
        .sendAsync(builder.build(), HttpResponse.BodyHandlers.ofByteArray())
        .handle(
            (response, failure) ->
                response == null ? failed(failure) : outcome(response, accepted));
  }

  private static byte[] gzip(byte[] body) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(body.length / 2 + 64);
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // an array has no faults
    }
    return out.toByteArray();
  }

  private SendOutcome failed(@Nullable Throwable failure) {
    Throwable cause = failure;
    while (cause != null && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String reason = cause instanceof HttpTimeoutException ? "deadline_exceeded" : "unavailable";
    String words =
        cause == null ? "" : cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return new SendOutcome.Retry(
        reason, Answers.shortened("OTLP receiver " + uri + ": " + words, ""), Optional.empty());
  }

  private SendOutcome outcome(HttpResponse<byte[]> response, ResponseListener accepted) {
    int status = response.statusCode();
    if (status >= 200 && status < 300) {
      accepted.accepted(response.body());
      return new SendOutcome.Accepted();
    }
    String said = Answers.statusMessage(response.body());
    String message =
        "OTLP receiver " + uri + ": HTTP " + status + (said.isEmpty() ? "" : ": " + said);
    switch (status) {
      case 429, 502, 503, 504 -> {
        return new SendOutcome.Retry(
            status == 429 ? "resource_exhausted" : "unavailable",
            Answers.shortened(message, ""),
            retryAfter(response));
      }
      case 401 -> {
        return new SendOutcome.Blocked(
            "unauthenticated", Answers.shortened(message, " (check the headers)"));
      }
      case 403 -> {
        return new SendOutcome.Blocked(
            "permission_denied", Answers.shortened(message, " (check the headers)"));
      }
      case 301, 302, 303, 307, 308, 404, 405, 501 -> {
        return new SendOutcome.Blocked(
            "unimplemented",
            Answers.shortened(
                message,
                " (the receiver does not support OTLP profiles at this path; this version of"
                    + " the protocol uses "
                    + Answers.PATH
                    + ", and an OpenTelemetry Collector needs"
                    + " --feature-gates=service.profilesSupport)"));
      }
      case 413 -> {
        return new SendOutcome.Rejected(
            SendOutcome.Rejected.TOO_LARGE, Answers.shortened(message, ""));
      }
      default -> {
        return new SendOutcome.Rejected(
            "http_" + status, Answers.shortened(message, Answers.hint(said)));
      }
    }
  }

  private static Optional<Duration> retryAfter(HttpResponse<?> response) {
    return response.headers().firstValue("Retry-After").flatMap(HttpTransport::duration);
  }

  /** Reads seconds or a date of HTTP. */
  static Optional<Duration> duration(String text) {
    String given = text.strip();
    if (given.matches("\\d{1,9}")) {
      return Optional.of(Duration.ofSeconds(Long.parseLong(given)));
    }
    try {
      Duration until =
          Duration.between(
              Instant.now(),
              ZonedDateTime.parse(given, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
      return Optional.of(until.isNegative() ? Duration.ZERO : until);
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    executor.shutdown(); // connections end with the client, which is not used any more
  }
}
