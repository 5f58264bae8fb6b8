package dev.psc.scrape.kubernetes;

import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.ScrapeOutcome;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * A probe of the API server for the time when all watches are silent. A silent watch is normal in a
 * quiet cluster, and the JDK offers no keep-alive probes: only a request tells it from a dead
 * connection. Thread-safe.
 */
final class ServerPulse {

  /** Any answer counts, whatever its status; by default all users may read this path. */
  private static final String PATH = "/livez";

  private static final long ANSWER_BYTES = 1 << 16;

  private final HttpClients http;
  private final Timing.Liveness timing;
  private volatile long heardNanos = System.nanoTime();

  // Guarded by this.
  private @Nullable List<StreamGuard> waiting;

  ServerPulse(HttpClients http, Timing.Liveness timing) {
    this.http = http;
    this.timing = timing;
  }

  /** Records that the server sent something. */
  void heard() {
    heardNanos = System.nanoTime();
  }

  /** Ends a silent watch if the server does not answer. Returns immediately. */
  void check(ApiServer server, StreamGuard watch) {
    if (System.nanoTime() - heardNanos < timing.quiet().toNanos()) {
      return;
    }
    synchronized (this) {
      if (waiting != null) {
        if (!waiting.contains(watch)) {
          waiting.add(watch);
        }
        return;
      }
      waiting = new ArrayList<>(List.of(watch));
    }
    Duration silent = Duration.ofNanos(System.nanoTime() - heardNanos);
    HttpGet get =
        new HttpGet(
            URI.create(KubernetesApi.baseUrl(server) + PATH),
            server.http(),
            Map.of(),
            timing.probe(),
            ANSWER_BYTES);
    Object unused =
        http.send(get)
            .whenComplete(
                (answer, thrown) -> {
                  List<StreamGuard> watches = done();
                  if (answer != null || !isDead(thrown)) {
                    heard();
                    return;
                  }
                  String reason =
                      "silent for "
                          + silent.plus(timing.probe()).toSeconds()
                          + " s, and the API server did not respond to a probe";
                  watches.forEach(each -> each.stall(reason));
                });
  }

  private synchronized List<StreamGuard> done() {
    List<StreamGuard> watches = waiting;
    waiting = null;
    return watches == null ? List.of() : watches;
  }

  private static boolean isDead(@Nullable Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    return cause instanceof HttpFailure failure
        && (failure.outcome() == ScrapeOutcome.TIMEOUT
            || failure.outcome() == ScrapeOutcome.UNREACHABLE);
  }
}
