package dev.psc.scraper.server;

import dev.psc.jvm.JvmProfiling;
import dev.psc.jvm.PprofRequest;
import dev.psc.jvm.PprofResponse;
import dev.psc.scraper.server.HttpExchange.Answer;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The scraper's own profiles at {@code /debug/pprof}. Capture starts with the first request. */
public final class SelfProfiles implements AutoCloseable {

  private @Nullable JvmProfiling profiling;
  private boolean closed;

  Answer answer(HttpExchange exchange) {
    Map<String, String> query = new LinkedHashMap<>();
    exchange
        .query()
        .forEach(
            (name, values) -> {
              if (!values.isEmpty()) {
                query.put(name, values.get(0));
              }
            });
    PprofResponse response =
        profiling()
            .handler()
            .handle(new PprofRequest(exchange.method(), exchange.path(), query, Map.of()));
    Map<String, String> headers = new LinkedHashMap<>(response.headers());
    String type = "application/octet-stream";
    for (Map.Entry<String, String> header : response.headers().entrySet()) {
      if (header.getKey().equalsIgnoreCase("content-type")) {
        type = header.getValue();
        headers.remove(header.getKey());
      } else if (header.getKey().equalsIgnoreCase("content-length")) {
        headers.remove(header.getKey());
      }
    }
    return new Answer(response.status(), type, headers, response.body());
  }

  private synchronized JvmProfiling profiling() {
    if (closed) {
      throw new IllegalStateException("shutting down");
    }
    if (profiling == null) {
      profiling = JvmProfiling.builder().ownThreads(true).start();
    }
    return profiling;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (profiling != null) {
      profiling.close();
    }
  }
}
