package dev.psc.scraper.server;

import dev.psc.scraper.server.HttpExchange.Answer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Serves every page also below the path of {@code --path-prefix}, for a reverse proxy that does not
 * remove it. Probes and metrics stay reachable without it.
 */
public final class PathPrefix {

  private final String prefix;

  private PathPrefix(String prefix) {
    this.prefix = prefix;
  }

  /** Reads a prefix, with or without slashes at its ends; the empty text for none. */
  public static PathPrefix of(String text) {
    String inner = text.strip().replaceAll("^/+|/+$", "");
    return new PathPrefix(inner.isEmpty() ? "" : "/" + inner);
  }

  /** Returns a handler that removes the prefix before the given one sees the path. */
  public HttpExchange.Handler around(HttpExchange.Handler handler) {
    if (prefix.isEmpty()) {
      return handler;
    }
    return exchange -> {
      String path = exchange.path();
      if (path.equals(prefix)) {
        // Relative links of the page need the slash.
        return new Answer(
            308,
            "text/plain; charset=utf-8",
            Map.of("location", prefix + "/"),
            "moved\n".getBytes(StandardCharsets.UTF_8));
      }
      return path.startsWith(prefix + "/")
          ? handler.handle(
              new HttpExchange(
                  exchange.method(),
                  path.substring(prefix.length()),
                  exchange.query(),
                  exchange.authorization()))
          : handler.handle(exchange);
    };
  }
}
