package dev.psc.spring;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.WebEndpoint;
import org.springframework.lang.Nullable;
import org.springframework.util.MimeType;

/** Serves profiles at {@code /actuator/pprof}, readable by {@code go tool pprof}. */
@WebEndpoint(id = "pprof")
class ProfilesEndpoint {

  private final Profiling profiling;
  private final ProfilingProperties properties;

  ProfilesEndpoint(Profiling profiling, ProfilingProperties properties) {
    this.profiling = profiling;
    this.properties = properties;
  }

  @ReadOperation(produces = {"text/html", "text/plain", "application/octet-stream"})
  WebEndpointResponse<byte[]> index() {
    return answer("", Map.of());
  }

  // Spring's annotation: Spring Boot 3 recognizes no other, and an unmarked parameter is required.
  /**
   * Returns a profile, after {@code seconds}.
   *
   * @param name the name of a profile, e.g. {@code profile} or {@code allocs}
   */
  @ReadOperation(produces = {"application/octet-stream", "text/plain", "text/html"})
  WebEndpointResponse<byte[]> profile(
      @Selector String name,
      @Nullable String seconds,
      @Nullable String debug,
      @Nullable String virtual) {
    Map<String, String> query = new LinkedHashMap<>();
    put(query, "seconds", seconds);
    put(query, "debug", debug);
    put(query, "virtual", virtual);
    return answer(name, query);
  }

  private static void put(Map<String, String> query, String name, @Nullable String value) {
    if (value != null) {
      query.put(name, value);
    }
  }

  private WebEndpointResponse<byte[]> answer(String name, Map<String, String> query) {
    Optional<JvmProfiling> profiler = profiling.profiler();
    if (profiler.isEmpty()) {
      String message = "profiling is not running: " + String.join("; ", profiling.problems());
      return new WebEndpointResponse<>(
          message.getBytes(StandardCharsets.UTF_8), 503, MimeType.valueOf("text/plain"));
    }
    // The actuator's own security has let the request pass.
    Map<String, String> headers =
        token().map(token -> Map.of("authorization", "Bearer " + token)).orElse(Map.of());
    PprofResponse response =
        profiler.get().handler().handle(new PprofRequest("GET", "/" + name, query, headers));
    String type = response.headers().getOrDefault("Content-Type", "application/octet-stream");
    return new WebEndpointResponse<>(response.body(), response.status(), MimeType.valueOf(type));
  }

  private Optional<String> token() {
    Optional<String> file = properties.value(ProfilingProperty.PPROF_TOKEN_FILE);
    if (file.isEmpty()) {
      return properties.value(ProfilingProperty.PPROF_TOKEN);
    }
    try {
      return Optional.of(Files.readString(Path.of(file.get())).strip());
    } catch (IOException e) {
      return Optional.empty(); // the handler reports it
    }
  }
}
