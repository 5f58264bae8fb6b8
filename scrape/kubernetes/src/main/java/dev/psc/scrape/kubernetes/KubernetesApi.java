package dev.psc.scrape.kubernetes;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.psc.scrape.http.HttpClients;
import dev.psc.scrape.http.HttpFailure;
import dev.psc.scrape.http.HttpGet;
import dev.psc.scrape.http.HttpStream;
import java.io.FilterInputStream;
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
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Lists and watches one collection of the API. Thread-safe. */
final class KubernetesApi {

  private static final int ERROR_BYTES = 4096;

  private final HttpClients http;
  private final ScheduledExecutorService scheduler;
  private final Interner interner;
  private final Timing timing;

  KubernetesApi(
      HttpClients http, ScheduledExecutorService scheduler, Interner interner, Timing timing) {
    this.http = http;
    this.scheduler = scheduler;
    this.interner = interner;
    this.timing = timing;
  }

  /**
   * What to list and watch.
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
   * A part of a list.
   *
   * @param version to watch from
   * @param next how to ask for the next part; empty at the end
   */
  record Page(List<KubeObject> objects, String version, String next) {}

  /** Takes what a watch says. */
  interface Events {

    /** An object is there, or is another than before. */
    void changed(KubeObject object);

    /** An object is gone. */
    void deleted(KubeObject object);

    /** All up to this version is known. */
    void version(String version);
  }

  /**
   * Asks for a part of the list; limit 0 for all of it.
   *
   * @param opened is told of the stream, so that another thread can close it: the JDK's streams
   *     take no notice of interrupts
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
    try (HttpStream stream = open(server, what, query, timing.list(), asked)) {
      opened.accept(stream);
      try (Deadline deadline = new Deadline(stream, timing.list());
          LimitedInput input = new LimitedInput(deadline.in(stream.body()));
          JsonReader in = new JsonReader(new InputStreamReader(input, StandardCharsets.UTF_8))) {
        return page(what.resource(), in, input);
      }
    } catch (IOException | IllegalStateException | NumberFormatException broken) {
      throw broken(server, asked, broken);
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
      throw new IOException("the answer is no list of objects");
    }
    return new Page(objects, metadata[0], metadata[1]);
  }

  /**
   * Watches until the server ends it, and returns then.
   *
   * @param version where the list or the last event ended
   * @param opened as for {@link #list}
   * @throws ApiException when the watch could not be opened, broke, or the server said so in it
   */
  void watch(
      ApiServer server, Collection what, String version, Events events, Consumer<HttpStream> opened)
      throws ApiException, InterruptedException {
    Map<String, String> query = query(what);
    query.put("watch", "true");
    query.put("allowWatchBookmarks", "true");
    query.put("resourceVersion", version);
    query.put("timeoutSeconds", String.valueOf(Math.max(1, timing.watch().toSeconds())));
    String asked = "watch " + what.describe();
    try (HttpStream stream = open(server, what, query, timing.list(), asked)) {
      opened.accept(stream);
      try (Deadline deadline = new Deadline(stream, timing.watch().plus(timing.watchSlack()));
          LimitedInput input = new LimitedInput(deadline.in(stream.body()));
          JsonReader in = new JsonReader(new InputStreamReader(input, StandardCharsets.UTF_8))) {
        // One object after the other is no JSON document, strictly.
        in.setStrictness(Strictness.LENIENT);
        ObjectParser parser = new ObjectParser(interner);
        while (in.peek() != JsonToken.END_DOCUMENT) {
          input.allowMore();
          event(what, in, parser, events);
        }
      }
    } catch (IOException | IllegalStateException | NumberFormatException broken) {
      throw broken(server, asked, broken);
    }
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
        events.version(parser.resourceVersion());
      }
      case "ERROR" -> {
        StatusText status = StatusText.read(in);
        throw new ApiException(
            status.code(), "watch " + what.describe() + ": " + status.describe(), null);
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

  private HttpStream open(
      ApiServer server, Collection what, Map<String, String> query, Duration timeout, String asked)
      throws ApiException, InterruptedException, IOException {
    StringBuilder url = new StringBuilder(server.base().toString().replaceAll("/+$", ""));
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
                  Map.of("Accept", "application/json"),
                  timeout,
                  Long.MAX_VALUE));
    } catch (HttpFailure failure) {
      throw new ApiException(0, asked + ": " + failure.getMessage(), failure);
    }
    if (stream.status() == 200) {
      return stream;
    }
    try (stream;
        Deadline deadline = new Deadline(stream, timing.list())) {
      throw error(server, what, asked, stream.status(), deadline.in(stream.body()));
    }
  }

  private static ApiException error(
      ApiServer server, Collection what, String asked, int status, InputStream content)
      throws IOException {
    String body = new String(content.readNBytes(ERROR_BYTES), StandardCharsets.UTF_8);
    StringBuilder text = new StringBuilder();
    text.append("cannot ").append(asked).append(": ").append(server.base().getHost());
    text.append(" answered ").append(status);
    String detail = StatusText.ofBody(body);
    if (!detail.isEmpty()) {
      text.append(": ").append(detail);
    }
    if (status == 401) {
      text.append("; the token or certificate is not (or no longer) valid");
    } else if (status == 403) {
      text.append("; allow list and watch on ")
          .append(what.resource().plural())
          .append(
              what.resource().namespaced() && !what.namespace().isEmpty()
                  ? " by a Role in namespace " + what.namespace()
                  : what.resource().namespaced()
                      ? " by a ClusterRole, or name the namespaces to look at"
                      : " by a ClusterRole");
    }
    return new ApiException(status, text.toString(), null);
  }

  private static ApiException broken(ApiServer server, String asked, Exception cause) {
    return new ApiException(
        0,
        "cannot "
            + asked
            + ": the answer of "
            + server.base().getHost()
            + " broke off or is not what it should be ("
            + StatusText.printable(String.valueOf(cause.getMessage()), 200)
            + ")",
        cause);
  }

  /** Closes a stream when it is not done in time; a reader that waits for it fails then. */
  private final class Deadline implements AutoCloseable {

    private final Duration limit;
    private final Future<?> timer;
    private volatile boolean passed;

    Deadline(HttpStream stream, Duration limit) {
      this.limit = limit;
      this.timer =
          scheduler.schedule(
              () -> {
                passed = true;
                stream.close();
              },
              limit.toNanos(),
              TimeUnit.NANOSECONDS);
    }

    /** Returns the input, which says that the time is over rather than that it was closed. */
    InputStream in(InputStream input) {
      return new FilterInputStream(input) {
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
          try {
            return super.read(buffer, offset, length);
          } catch (IOException broken) {
            throw passed
                ? new IOException("not complete within " + limit.toMillis() + " ms", broken)
                : broken;
          }
        }
      };
    }

    @Override
    public void close() {
      timer.cancel(false);
    }
  }

  /** What the API says of an error: a {@code Status} object. */
  record StatusText(int code, String reason, String message) {

    static StatusText read(JsonReader in) throws IOException {
      int[] code = {500};
      String[] texts = {"", ""};
      ObjectReader.fields(
          in,
          name -> {
            switch (name) {
              case "code" -> code[0] = in.nextInt();
              case "reason" -> texts[0] = in.nextString();
              case "message" -> texts[1] = in.nextString();
              default -> {
                return false;
              }
            }
            return true;
          });
      // "Expired" and "Gone" are the same to a watcher, and not all servers send the code.
      boolean gone = texts[0].equals("Expired") || texts[0].equals("Gone");
      return new StatusText(gone ? 410 : code[0], texts[0], texts[1]);
    }

    String describe() {
      return "error " + code + (reason.isEmpty() ? "" : " " + reason) + ": " + message(message);
    }

    private static String message(String message) {
      return printable(message, 300);
    }

    /** Returns the message of a Status in a body, or the body's beginning made printable. */
    static String ofBody(String body) {
      if (body.stripLeading().startsWith("{")) {
        try (JsonReader in = new JsonReader(new StringReader(body))) {
          String message = read(in).message;
          if (!message.isEmpty()) {
            return message(message);
          }
        } catch (IOException | IllegalStateException | NumberFormatException notStatus) {
          return printable(body, 200);
        }
      }
      return printable(body, 200);
    }

    static String printable(@Nullable String text, int limit) {
      if (text == null) {
        return "";
      }
      StringBuilder printable = new StringBuilder();
      for (int i = 0; i < text.length() && printable.length() < limit; i++) {
        char c = text.charAt(i);
        printable.append(c < ' ' || c == 127 ? ' ' : c);
      }
      return printable.toString().strip();
    }
  }
}
