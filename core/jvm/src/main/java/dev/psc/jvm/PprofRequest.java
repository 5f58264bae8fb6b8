package dev.psc.jvm;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A request for a profile, independent of the HTTP server. Immutable.
 *
 * @param method the HTTP method
 * @param path the path that the client sent, or the part of it below the mount point; everything up
 *     to {@code /debug/pprof} is ignored
 * @param query decoded parameters
 * @param headers names in lower case
 */
public record PprofRequest(
    String method, String path, Map<String, String> query, Map<String, String> headers) {

  /** Copies the maps. */
  public PprofRequest {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(path, "path");
    query = Map.copyOf(query);
    Map<String, String> lower = new LinkedHashMap<>();
    headers.forEach((name, value) -> lower.put(name.toLowerCase(Locale.ROOT), value));
    headers = Map.copyOf(lower);
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(query.get(name)).filter(value -> !value.isEmpty());
  }

  Optional<String> header(String lowerCaseName) {
    return Optional.ofNullable(headers.get(lowerCaseName));
  }
}
