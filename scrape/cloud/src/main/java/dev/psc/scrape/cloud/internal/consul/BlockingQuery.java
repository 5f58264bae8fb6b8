package dev.psc.scrape.cloud.internal.consul;

import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.MalformedAnswerException;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.http.HttpAnswer;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One query that is repeated until it is closed. The server holds each request until the response
 * differs from the last one, and no thread waits for it. Thread-safe.
 */
final class BlockingQuery implements AutoCloseable {

  private static final Logger logger = LoggerFactory.getLogger(BlockingQuery.class);

  /** Called from the threads of the HTTP client, one call at a time. */
  interface Listener {

    /** Called with a new response. */
    void changed(Json answer);

    /** Called after a response that equals the previous one. */
    void unchanged();

    /** Called after a query without a usable response; it is repeated later. */
    void failed(String message);
  }

  private final ConsulSettings settings;
  private final DiscoveryContext context;
  private final ConsulWatch.Timing timing;
  private final ApiClient messages;
  private final String target;
  private final Listener listener;

  // Guarded by this.
  private long index;
  private int failures;
  private long startedNanos;
  private boolean closed;
  private @Nullable CompletableFuture<HttpAnswer> asking;
  private @Nullable Future<?> waiting;

  /**
   * Creates a query that is not started.
   *
   * @param target URL to whose query the parameters that make it block are appended
   */
  BlockingQuery(
      ConsulSettings settings,
      DiscoveryContext context,
      ConsulWatch.Timing timing,
      String target,
      Listener listener) {
    this.settings = settings;
    this.context = context;
    this.timing = timing;
    this.messages = new ApiClient(settings.name(), context.http(), timing.request());
    this.target = target;
    this.listener = listener;
  }

  void start() {
    CompletableFuture<HttpAnswer> answer;
    URI uri;
    synchronized (this) {
      if (closed) {
        return;
      }
      startedNanos = System.nanoTime();
      String since = index == 0 ? "" : "index=" + index + "&";
      uri = URI.create(target + since + "wait=" + timing.hold().toMillis() + "ms");
      answer =
          context
              .http()
              .send(
                  new HttpGet(
                      uri,
                      settings.requests(),
                      Map.of("Accept", "application/json"),
                      timing.request(),
                      ApiClient.BODY_LIMIT_BYTES));
      asking = answer;
    }
    CompletableFuture<?> unused =
        answer.whenComplete((result, failure) -> ended(uri, result, failure));
  }

  private void ended(URI uri, @Nullable HttpAnswer answer, @Nullable Throwable failure) {
    synchronized (this) {
      asking = null;
      if (closed) {
        return;
      }
    }
    try {
      if (answer == null) {
        failed(explain(failure));
      } else if (answer.status() != 200) {
        failed(messages.refused(uri, answer) + hint(answer.status()));
      } else {
        answered(answer);
      }
    } catch (MalformedAnswerException e) {
      failed(ApiClient.malformed(settings.name(), e));
    } catch (RuntimeException fault) {
      logger.warn("{} failed", settings.name(), fault);
      failed(settings.name() + " failed: " + fault);
    }
  }

  private static String hint(int status) {
    return status == 429
        ? "; raise limits.http_max_conns_per_client of the agent, or name fewer services"
        : "";
  }

  private String explain(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof HttpFailure exchange
        ? messages.explain(exchange)
        : settings.name() + ": " + cause;
  }

  private void answered(HttpAnswer answer) {
    long next = index(answer);
    boolean changed;
    synchronized (this) {
      changed = next == 0 || next != index || failures > 0;
    }
    if (changed) {
      listener.changed(Json.parse(answer.body()));
    } else {
      listener.unchanged();
    }
    long pauseNanos;
    synchronized (this) {
      failures = 0;
      // An index that goes back belongs to another state of the server: begin again.
      index = next < index ? 0 : next;
      pauseNanos = settings.refreshInterval().toNanos() - (System.nanoTime() - startedNanos);
    }
    later(Math.max(0, pauseNanos));
  }

  private static long index(HttpAnswer answer) {
    String text = answer.headers().firstValue("X-Consul-Index").orElse("0");
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
  }

  private void failed(String message) {
    Duration pause;
    synchronized (this) {
      failures++;
      // The state of a server that was away may be another.
      index = 0;
      long doubled = timing.firstRetry().toMillis() << Math.min(10, failures - 1);
      long millis = Math.min(timing.lastRetry().toMillis(), doubled);
      // Many watches that failed together do not come back together.
      pause = Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
    }
    listener.failed(message);
    later(pause.toNanos());
  }

  private synchronized void later(long nanos) {
    if (closed) {
      return;
    }
    try {
      waiting =
          context
              .scheduler()
              .schedule(() -> context.blocking().execute(this::start), nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      logger.debug("{}: no further query: the scraper is shutting down", settings.name(), e);
    }
  }

  @Override
  public void close() {
    CompletableFuture<?> running;
    synchronized (this) {
      closed = true;
      running = asking;
      if (waiting != null) {
        waiting.cancel(false);
      }
    }
    if (running != null) {
      running.cancel(true);
    }
  }
}
