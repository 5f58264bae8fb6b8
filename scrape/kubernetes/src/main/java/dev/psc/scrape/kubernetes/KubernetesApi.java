package dev.psc.scrape.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.psc.net.LogText;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;

/** A client for list and watch of the Kubernetes API. Thread-safe. */
final class KubernetesApi {

  private static final Map<String, String> LIST_HEADERS =
      Map.of("Accept", "application/json", "Accept-Encoding", "gzip");
  private static final Map<String, String> WATCH_HEADERS =
      Map.of("Accept", "application/json", "Accept-Encoding", "identity");

  private final HttpClients http;
  private final ScheduledExecutorService scheduler;
  private final Interner interner;
  private final Timing timing;
  private final ServerPulse pulse;

  KubernetesApi(
      HttpClients http, ScheduledExecutorService scheduler, Interner interner, Timing timing) {
    this.pulse = new ServerPulse(http, timing.liveness());
    this.http = http;
    this.scheduler = scheduler;
    this.interner = interner;
    this.timing = timing;
  }

  /**
   * A collection to list and watch.
   *
   * @param namespace empty for all
   * @param labelSelector empty for none
   * @param fieldSelector empty for none
   */
  record Collection(
      Resource resource, String namespace, String labelSelector, String fieldSelector) {

    String describe() {
      return resource.plural()
          + (resource.namespaced()
              ? namespace.isEmpty() ? " in all namespaces" : " in namespace " + namespace
              : "");
    }
  }

  /**
   * One page of a list.
   *
   * @param version to watch from
   * @param next the token of the next page; empty at the end
   */
  record Page(List<KubeObject> objects, String version, String next) {}

  /** Receives the events of a watch. */
  interface Events {

    /** An object was added or changed. */
    void changed(KubeObject object);

    /** An object was deleted. */
    void deleted(KubeObject object);

    /** Notifies that all changes up to this version are known. */
    void version(String version);

    /** The server sent a bookmark. */
    void bookmark();

    /** Returns whether the server sends bookmarks. */
    boolean bookmarksSeen();
  }

  /**
   * Returns one page of the list; limit 0 for all of it.
   *
   * @param opened receives the stream, so that another thread can close it: the JDK's streams do
   *     not react to interrupts
   */
  Page list(ApiServer server, Collection what, int limit, String next, Consumer<HttpStream> opened)
      throws ApiException, InterruptedException {
    Map<String, String> query = query(what);
    if (limit > 0) {
      query.put("limit", String.valueOf(limit));
    }
    if (!next.isEmpty()) {
      query.put("continue", next);
    }
    String asked = "list " + what.describe();
    try (HttpStream stream = open(server, what, query, LIST_HEADERS, asked)) {
      opened.accept(stream);
      StreamGuard guard = new StreamGuard(stream);
      Future<?> deadline = guard.deadline(scheduler, timing.list());
      try (LimitedInput input = new LimitedInput(decoded(stream, guard.in(pulse::heard)));
          JsonReader in = new JsonReader(new InputStreamReader(input, StandardCharsets.UTF_8))) {
        return page(what.resource(), in, input);
      } finally {
        deadline.cancel(false);
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      throw ApiException.broken(ApiErrors.broken(server, asked, e), e);
    }
  }

  private Page page(Resource resource, JsonReader in, LimitedInput input) throws IOException {
    List<KubeObject> objects = new ArrayList<>();
    String[] metadata = {"", ""};
    ObjectParser parser = new ObjectParser(interner);
    boolean[] seen = {false};
    ObjectReader.fields(
        in,
        field -> {
          switch (field) {
            case "metadata" ->
                ObjectReader.fields(
                    in,
                    name -> {
                      switch (name) {
                        case "resourceVersion" -> metadata[0] = in.nextString();
                        case "continue" -> metadata[1] = in.nextString();
                        default -> {
                          return false;
                        }
                      }
                      return true;
                    });
            case "items" -> {
              seen[0] = true;
              in.beginArray();
              while (in.hasNext()) {
                input.allowMore();
                objects.add(parser.parse(resource, in));
              }
              in.endArray();
            }
            default -> {
              return false;
            }
          }
          return true;
        });
    if (!seen[0] && metadata[0].isEmpty()) {
      throw new IOException("the response is not a list of objects");
    }
    return new Page(objects, metadata[0], metadata[1]);
  }

  /**
   * Watches until the server ends it, and returns then.
   *
   * @param version where the list or the last event ended
   * @param opened as for {@link #list}; called when the server has accepted the watch
   * @throws ApiException if the server refused the watch or sent an error in it, or the connection
   *     broke
   */
  void watch(
      ApiServer server, Collection what, String version, Events events, Consumer<HttpStream> opened)
      throws ApiException, InterruptedException {
    Duration timeout = timing.watchTimeout(ThreadLocalRandom.current().nextDouble());
    Map<String, String> query = query(what);
    query.put("watch", "true");
    query.put("allowWatchBookmarks", "true");
    query.put("resourceVersion", version);
    query.put("timeoutSeconds", String.valueOf(timeout.toSeconds()));
    String asked = "watch " + what.describe();
    StreamGuard guard = null;
    try (HttpStream stream = open(server, what, query, WATCH_HEADERS, asked)) {
      guard = new StreamGuard(stream);
      opened.accept(stream);
      Future<?> checks = checks(server, guard, timeout, events);
      try (LimitedInput input = new LimitedInput(decoded(stream, guard.in(pulse::heard)));
          JsonReader in = new JsonReader(new InputStreamReader(input, StandardCharsets.UTF_8))) {
        // Strictly, a sequence of objects is not a JSON document.
        in.setStrictness(Strictness.LENIENT);
        ObjectParser parser = new ObjectParser(interner);
        while (in.peek() != JsonToken.END_DOCUMENT) {
          input.allowMore();
          event(what, in, parser, events);
        }
      } finally {
        checks.cancel(false);
      }
    } catch (IOException | IllegalStateException | NumberFormatException e) {
      String message = ApiErrors.broken(server, asked, e);
      throw guard != null && guard.stalled()
          ? ApiException.stalled(message, e)
          : ApiException.broken(message, e);
    }
  }

  /** Ends a watch that is older than the server was asked for, silent or unreachable. */
  private Future<?> checks(ApiServer server, StreamGuard guard, Duration timeout, Events events) {
    long began = System.nanoTime();
    long limit = timeout.plus(timing.watchSlack()).toNanos();
    Timing.Liveness liveness = timing.liveness();
    long interval = liveness.interval().toNanos();
    return scheduler.scheduleWithFixedDelay(
        () -> {
          long silent = guard.silentNanos();
          if (System.nanoTime() - began > limit) {
            guard.end("the server did not end the watch after " + timeout.toSeconds() + " s");
          } else if (events.bookmarksSeen() && silent > liveness.silence().toNanos()) {
            guard.end("no event or bookmark for " + Duration.ofNanos(silent).toSeconds() + " s");
          } else if (silent > liveness.quiet().toNanos()) {
            pulse.check(server, guard);
          }
        },
        interval,
        interval,
        TimeUnit.NANOSECONDS);
  }

  private static void event(Collection what, JsonReader in, ObjectParser parser, Events events)
      throws IOException, ApiException {
    String type = "";
    boolean done = false;
    JsonElement early = null;
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      if (name.equals("type")) {
        type = in.nextString();
      } else if (!name.equals("object")) {
        in.skipValue();
      } else if (type.isEmpty()) {
        early = JsonParser.parseReader(in);
      } else {
        object(what, type, in, parser, events);
        done = true;
      }
    }
    in.endObject();
    if (early != null) {
      object(what, type, new JsonReader(new StringReader(early.toString())), parser, events);
      done = true;
    }
    if (!done) {
      throw new IOException("an event without an object");
    }
  }

  private static void object(
      Collection what, String type, JsonReader in, ObjectParser parser, Events events)
      throws IOException, ApiException {
    switch (type) {
      case "ADDED", "MODIFIED" -> {
        KubeObject object = parser.parse(what.resource(), in);
        events.changed(object);
        events.version(parser.resourceVersion());
      }
      case "DELETED" -> {
        KubeObject object = parser.parse(what.resource(), in);
        events.deleted(object);
        events.version(parser.resourceVersion());
      }
      case "BOOKMARK" -> {
        parser.parse(what.resource(), in);
        events.bookmark();
        events.version(parser.resourceVersion());
      }
      case "ERROR" -> {
        StatusText status = StatusText.read(in);
        throw ApiException.refused(
            status.code(), "watch " + what.describe() + ": " + status.describe(), Duration.ZERO);
      }
      default -> in.skipValue();
    }
  }

  private static Map<String, String> query(Collection what) {
    Map<String, String> query = new LinkedHashMap<>();
    if (!what.labelSelector().isEmpty()) {
      query.put("labelSelector", what.labelSelector());
    }
    if (!what.fieldSelector().isEmpty()) {
      query.put("fieldSelector", what.fieldSelector());
    }
    return query;
  }

  static String baseUrl(ApiServer server) {
    return server.base().toString().replaceAll("/+$", "");
  }

  private HttpStream open(
      ApiServer server,
      Collection what,
      Map<String, String> query,
      Map<String, String> headers,
      String asked)
      throws ApiException, InterruptedException, IOException {
    StringBuilder url = new StringBuilder(baseUrl(server));
    url.append(what.resource().path(what.namespace()));
    char separator = '?';
    for (Map.Entry<String, String> entry : query.entrySet()) {
      url.append(separator).append(entry.getKey()).append('=');
      url.append(URLEncoder.encode(entry.getValue(), StandardCharsets.UTF_8));
      separator = '&';
    }
    HttpStream stream;
    try {
      stream =
          http.open(
              new HttpGet(
                  URI.create(url.toString()),
                  server.http(),
                  headers,
                  timing.list(),
                  Long.MAX_VALUE));
    } catch (HttpFailure e) {
      throw ApiException.broken("cannot " + asked + ": " + ApiErrors.explain(server, e), e);
    }
    pulse.heard();
    if (stream.status() == 200) {
      return stream;
    }
    StreamGuard guard = new StreamGuard(stream);
    Future<?> deadline = guard.deadline(scheduler, timing.list());
    try (stream;
        InputStream body = decoded(stream, guard.in(() -> {}))) {
      throw ApiErrors.refused(server, what, asked, stream, body);
    } finally {
      deadline.cancel(false);
    }
  }

  /** Returns the body as it was before the transfer. */
  private static InputStream decoded(HttpStream stream, InputStream body) throws IOException {
    String encoding = stream.headers().firstValue("Content-Encoding").orElse("").strip();
    return switch (encoding.toLowerCase(Locale.ROOT)) {
      case "", "identity" -> body;
      case "gzip" -> new GZIPInputStream(body, 1 << 13);
      default ->
          throw new IOException(
              "the content encoding is "
                  + LogText.line(encoding, 40)
                  + ", but only gzip was offered; check the proxy in front of the API server");
    };
  }
}
