package dev.psc.otlp;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** The environment variables of OTLP exporters; those of the profiles signal win. */
final class OtlpEnvironment {

  private static final String GENERAL = "OTEL_EXPORTER_OTLP_";
  private static final String PROFILES = "OTEL_EXPORTER_OTLP_PROFILES_";

  private final Map<String, String> variables;

  private OtlpEnvironment(Map<String, String> variables) {
    this.variables = variables;
  }

  static OtlpProfileSink.Builder builder(Map<String, String> variables) {
    OtlpEnvironment environment = new OtlpEnvironment(variables);
    boolean grpc = environment.isGrpc();
    return environment.apply(new OtlpProfileSink.Builder(environment.endpoint(grpc)), grpc);
  }

  /** Applies everything except for the endpoint, which is known, and its protocol. */
  static OtlpProfileSink.Builder over(
      OtlpProfileSink.Builder builder, Map<String, String> variables) {
    OtlpEnvironment environment = new OtlpEnvironment(variables);
    return environment.apply(builder, environment.isGrpc());
  }

  private boolean isGrpc() {
    Optional<String> protocol = value("PROTOCOL");
    return switch (OtlpProfileSink.lower(protocol.orElse("http/protobuf"))) {
      case "http/protobuf" -> false;
      case "grpc" -> true;
      default ->
          throw new IllegalArgumentException(
              name("PROTOCOL") + " must be grpc or http/protobuf, but was " + protocol.orElse(""));
    };
  }

  private URI endpoint(boolean grpc) {
    String own = variables.get(PROFILES + "ENDPOINT");
    if (own != null && !own.isBlank()) {
      return OtlpSettings.endpoint(PROFILES + "ENDPOINT", own);
    }
    String general = variables.get(GENERAL + "ENDPOINT");
    if (general == null || general.isBlank()) {
      return URI.create(grpc ? "http://localhost:4317" : "http://localhost:4318");
    }
    URI base = OtlpSettings.endpoint(GENERAL + "ENDPOINT", general);
    if (grpc) {
      return base;
    }
    // The path of the signal is relative to that of the general endpoint.
    String text = base.toString();
    return URI.create(
        (text.endsWith("/") ? text.substring(0, text.length() - 1) : text) + Answers.PATH);
  }

  private OtlpProfileSink.Builder apply(OtlpProfileSink.Builder builder, boolean grpc) {
    builder.grpc(grpc);
    value("HEADERS")
        .ifPresent(text -> OtlpSettings.headers(name("HEADERS"), text).forEach(builder::header));
    value("TIMEOUT").ifPresent(text -> builder.timeout(timeout(text)));
    value("COMPRESSION").ifPresent(text -> builder.gzip(isGzip(text)));
    value("CERTIFICATE").ifPresent(path -> builder.caFile(Path.of(path)));
    Optional<String> chain = value("CLIENT_CERTIFICATE");
    Optional<String> key = value("CLIENT_KEY");
    if (chain.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          name("CLIENT_CERTIFICATE") + " and " + name("CLIENT_KEY") + " must both be set");
    }
    if (chain.isPresent() && key.isPresent()) {
      builder.clientCertificate(Path.of(chain.get()), Path.of(key.get()));
    }
    return builder;
  }

  private Duration timeout(String text) {
    if (!text.strip().matches("[1-9]\\d{0,8}")) {
      throw new IllegalArgumentException(
          name("TIMEOUT") + " must be a number of milliseconds, but was " + text);
    }
    return Duration.ofMillis(Long.parseLong(text.strip()));
  }

  private boolean isGzip(String text) {
    return switch (OtlpProfileSink.lower(text)) {
      case "gzip" -> true;
      case "none" -> false;
      default ->
          throw new IllegalArgumentException(
              name("COMPRESSION") + " must be gzip or none, but was " + text);
    };
  }

  private String name(String suffix) {
    String own = variables.get(PROFILES + suffix);
    return (own == null || own.isBlank() ? GENERAL : PROFILES) + suffix;
  }

  private Optional<String> value(String suffix) {
    return Optional.ofNullable(variables.get(name(suffix))).filter(text -> !text.isBlank());
  }
}
