package dev.psc.scrape.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;

/**
 * Speaks the part of the Kubernetes API that discovery uses: versions, paged lists, watches with
 * bookmarks, Status errors, tokens; and the faults that real servers show.
 */
final class FakeApiServer implements AutoCloseable {

  /** How a watch from an expired version is refused. */
  enum Gone {
    STATUS,
    EVENT
  }

  private record Event(long version, String collection, String type, JsonObject object) {}

  private final HttpServer server;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "fake-api-server");
            thread.setDaemon(true);
            return thread;
          });
  private final Object lock = new Object();

  // Guarded by lock.
  private long version = 1;
  private long compacted;
  private int generation;
  private final Map<String, TreeMap<String, JsonObject>> collections = new HashMap<>();
  private final List<Event> events = new ArrayList<>();

  final AtomicInteger compressed = new AtomicInteger();
  final List<String> requests = new CopyOnWriteArrayList<>();
  final Set<String> forbidden = ConcurrentHashMap.newKeySet();
  volatile String token = "";
  volatile Gone gone = Gone.STATUS;
  volatile boolean expireNextContinue;
  volatile boolean endless;
  volatile boolean alwaysGone;
  volatile int failWith;
  volatile long bodyPauseMillis;
  volatile String nextWatchEvent = "";

  /** The status of all watches; 0 serves them. */
  volatile int watchStatus;

  /** Sent with each error; 0 sends none. */
  volatile int retryAfterSeconds;

  /** Sent at the start of each watch. */
  volatile String watchStart = "";

  /** Ends each watch immediately after a bookmark of a new version. */
  volatile boolean endWatches;

  /** Leaves all requests without an answer, and open watches without events. */
  volatile boolean stalled;

  FakeApiServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Creates or replaces an object. */
  void put(String path, String json) {
    put(path, JsonParser.parseString(json).getAsJsonObject());
  }

  private void put(String path, JsonObject object) {
    Place place = Place.of(path);
    synchronized (lock) {
      version++;
      JsonObject metadata = object.getAsJsonObject("metadata");
      metadata.addProperty("resourceVersion", String.valueOf(version));
      if (!place.namespace.isEmpty()) {
        metadata.addProperty("namespace", place.namespace);
      }
      String key = place.key(metadata.get("name").getAsString());
      JsonObject before =
          collections.computeIfAbsent(place.collection, c -> new TreeMap<>()).put(key, object);
      events.add(
          new Event(version, place.collection, before == null ? "ADDED" : "MODIFIED", object));
      lock.notifyAll();
    }
  }

  /** Deletes an object. */
  void delete(String path, String name) {
    Place place = Place.of(path);
    synchronized (lock) {
      JsonObject before =
          collections.getOrDefault(place.collection, new TreeMap<>()).remove(place.key(name));
      if (before != null) {
        version++;
        JsonObject last = before.deepCopy();
        last.getAsJsonObject("metadata").addProperty("resourceVersion", String.valueOf(version));
        events.add(new Event(version, place.collection, "DELETED", last));
        lock.notifyAll();
      }
    }
  }

  /** Forgets all events so far, as etcd does after some minutes, and ends all watches. */
  void compact() {
    synchronized (lock) {
      version++;
      compacted = version;
      events.clear();
      generation++;
      lock.notifyAll();
    }
  }

  /** Breaks the connections of all watches. */
  void dropWatches() {
    synchronized (lock) {
      generation++;
      lock.notifyAll();
    }
  }

  /** Lets time pass without events of a watched collection. */
  void passVersions(int count) {
    synchronized (lock) {
      version += count;
    }
  }

  /** Tells all watchers how far the version has come. */
  void bookmark(String path) {
    Place place = Place.of(path);
    synchronized (lock) {
      version++;
      JsonObject metadata = new JsonObject();
      metadata.addProperty("resourceVersion", String.valueOf(version));
      JsonObject object = new JsonObject();
      object.add("metadata", metadata);
      events.add(new Event(version, place.collection, "BOOKMARK", object));
      lock.notifyAll();
    }
  }

  long lists(String plural) {
    return requests.stream().filter(r -> r.contains("/" + plural) && !r.contains("watch=")).count();
  }

  long watches(String plural) {
    return requests.stream().filter(r -> r.contains("/" + plural) && r.contains("watch=")).count();
  }

  private record Place(String collection, String namespace, String name, String subresource) {

    static Place of(String path) {
      List<String> parts = new ArrayList<>(List.of(path.substring(1).split("/", -1)));
      int prefix = parts.get(0).equals("api") ? 2 : 3;
      String group = String.join("/", parts.subList(0, prefix));
      List<String> rest = parts.subList(prefix, parts.size());
      String namespace = "";
      if (rest.get(0).equals("namespaces") && rest.size() > 2) {
        namespace = rest.get(1);
        rest = rest.subList(2, rest.size());
      }
      return new Place(
          group + "/" + rest.get(0),
          namespace,
          rest.size() > 1 ? rest.get(1) : "",
          rest.size() > 2 ? rest.get(2) : "");
    }

    String key(String name) {
      return namespace.isEmpty() ? name : namespace + "/" + name;
    }
  }

  private static Map<String, String> query(URI uri) {
    Map<String, String> query = new HashMap<>();
    if (uri.getRawQuery() != null) {
      for (String pair : uri.getRawQuery().split("&", -1)) {
        int at = pair.indexOf('=');
        query.put(
            pair.substring(0, at),
            URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
      }
    }
    return query;
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      URI uri = exchange.getRequestURI();
      requests.add(uri.toString());
      synchronized (lock) {
        while (stalled) {
          await();
        }
      }
      if (uri.getPath().equals("/livez")) {
        answer(exchange, 200, "ok");
        return;
      }
      Place place = Place.of(uri.getPath());
      if (!token.isEmpty()
          && !("Bearer " + token).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        answer(exchange, 401, status(401, "Unauthorized", "Unauthorized"));
        return;
      }
      if (failWith != 0) {
        answer(exchange, failWith, "<html>bad\u0007 gateway</html>");
        return;
      }
      if (forbidden.contains(place.collection.substring(place.collection.lastIndexOf('/') + 1))) {
        answer(
            exchange,
            403,
            status(403, "Forbidden", "User \"x\" cannot list resource at the cluster scope"));
        return;
      }
      switch (exchange.getRequestMethod()) {
        case "GET" -> read(exchange, place, query(uri));
        case "DELETE" -> {
          delete(uri.getPath().substring(0, uri.getPath().lastIndexOf('/')), place.name);
          answer(exchange, 200, "{}");
        }
        default -> write(exchange, place, uri.getPath());
      }
    }
  }

  private void write(HttpExchange exchange, Place place, String path) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    JsonObject object = JsonParser.parseString(body).getAsJsonObject();
    String collectionPath = path;
    if (exchange.getRequestMethod().equals("PATCH")) {
      JsonObject known;
      synchronized (lock) {
        known =
            collections.getOrDefault(place.collection, new TreeMap<>()).get(place.key(place.name));
      }
      if (known == null) {
        answer(exchange, 404, status(404, "NotFound", "not found"));
        return;
      }
      JsonObject merged = known.deepCopy();
      merge(merged, object);
      object = merged;
      collectionPath = path.substring(0, path.lastIndexOf("/" + place.name));
    }
    put(collectionPath, object);
    answer(exchange, 201, object.toString());
  }

  private static void merge(JsonObject into, JsonObject patch) {
    patch
        .entrySet()
        .forEach(
            entry -> {
              JsonElement old = into.get(entry.getKey());
              if (old != null && old.isJsonObject() && entry.getValue().isJsonObject()) {
                merge(old.getAsJsonObject(), entry.getValue().getAsJsonObject());
              } else {
                into.add(entry.getKey(), entry.getValue());
              }
            });
  }

  private void read(HttpExchange exchange, Place place, Map<String, String> query)
      throws IOException {
    if (query.containsKey("watch")) {
      watch(exchange, place, query);
    } else {
      list(exchange, place, query);
    }
  }

  private void list(HttpExchange exchange, Place place, Map<String, String> query)
      throws IOException {
    int from = 0;
    if (query.containsKey("continue")) {
      if (expireNextContinue) {
        expireNextContinue = false;
        answer(exchange, 410, status(410, "Expired", "the provided continue parameter is too old"));
        return;
      }
      from = Integer.parseInt(query.get("continue"));
    }
    int limit = Integer.parseInt(query.getOrDefault("limit", String.valueOf(Integer.MAX_VALUE)));
    JsonObject list = new JsonObject();
    JsonObject metadata = new JsonObject();
    JsonArray items = new JsonArray();
    synchronized (lock) {
      List<JsonObject> all = new ArrayList<>();
      collections
          .getOrDefault(place.collection, new TreeMap<>())
          .forEach(
              (key, object) -> {
                if (place.namespace.isEmpty() || key.startsWith(place.namespace + "/")) {
                  all.add(object);
                }
              });
      int to = (int) Math.min(all.size(), (long) from + limit);
      all.subList(from, to).forEach(items::add);
      metadata.addProperty("resourceVersion", String.valueOf(version));
      if (to < all.size() || endless) {
        metadata.addProperty("continue", String.valueOf(to));
      }
    }
    list.addProperty("kind", "List");
    list.add("metadata", metadata);
    list.add("items", items);
    answer(exchange, 200, list.toString());
  }

  private void watch(HttpExchange exchange, Place place, Map<String, String> query)
      throws IOException {
    if (watchStatus != 0) {
      answer(exchange, watchStatus, status(watchStatus, "Refused", "no watches today"));
      return;
    }
    long from = Long.parseLong(query.get("resourceVersion"));
    int born;
    boolean tooOld;
    synchronized (lock) {
      born = generation;
      tooOld = alwaysGone || from < compacted;
    }
    if (tooOld && gone == Gone.STATUS) {
      answer(exchange, 410, status(410, "Expired", "too old resource version"));
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    if (tooOld) {
      send(out, "ERROR", status(410, "Expired", "too old resource version"));
      out.close();
      return;
    }
    out.write(watchStart.getBytes(StandardCharsets.UTF_8));
    if (!nextWatchEvent.isEmpty()) {
      out.write(nextWatchEvent.getBytes(StandardCharsets.UTF_8));
      nextWatchEvent = "";
      out.flush();
    }
    // So that the client has the headers.
    out.flush();
    if (endWatches) {
      long now;
      synchronized (lock) {
        now = ++version;
      }
      send(out, "BOOKMARK", "{\"metadata\":{\"resourceVersion\":\"" + now + "\"}}");
      out.close();
      return;
    }
    long until =
        System.nanoTime()
            + Long.parseLong(query.getOrDefault("timeoutSeconds", "300")) * 1_000_000_000L;
    while (true) {
      List<Event> due = new ArrayList<>();
      synchronized (lock) {
        while (due.isEmpty()) {
          while (stalled && generation == born) {
            await();
          }
          for (Event event : events) {
            if (event.version > from
                && event.collection.equals(place.collection)
                && inNamespace(event, place)) {
              due.add(event);
            }
          }
          if (!due.isEmpty()) {
            break;
          }
          if (generation != born) {
            // Not closing the body breaks the connection in the middle of it.
            return;
          }
          if (System.nanoTime() > until) {
            out.close();
            return;
          }
          await();
        }
      }
      for (Event event : due) {
        send(out, event.type, event.object.toString());
        from = event.version;
      }
    }
  }

  private static boolean inNamespace(Event event, Place place) {
    if (place.namespace.isEmpty() || event.type.equals("BOOKMARK")) {
      return true;
    }
    return event
        .object
        .getAsJsonObject("metadata")
        .get("namespace")
        .getAsString()
        .equals(place.namespace);
  }

  @SuppressWarnings("WaitNotInLoop") // It is: the loop is in the callers.
  private void await() throws IOException {
    try {
      lock.wait(50);
    } catch (InterruptedException stopped) {
      throw new IOException("stopped", stopped);
    }
  }

  private static void send(OutputStream out, String type, String object) throws IOException {
    String event = "{\"type\":\"" + type + "\",\"object\":" + object + "}\n";
    out.write(event.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private static String status(int code, String reason, String message) {
    JsonObject status = new JsonObject();
    status.addProperty("kind", "Status");
    status.addProperty("status", "Failure");
    status.addProperty("message", message);
    status.addProperty("reason", reason);
    status.addProperty("code", code);
    return status.toString();
  }

  private void answer(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    if (code >= 400 && retryAfterSeconds > 0) {
      exchange.getResponseHeaders().set("Retry-After", String.valueOf(retryAfterSeconds));
    }
    String accepted = exchange.getRequestHeaders().getFirst("Accept-Encoding");
    // As a real server, which compresses what is large.
    if (accepted != null && accepted.contains("gzip") && bytes.length > 100_000) {
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(bytes);
      }
      bytes = packed.toByteArray();
      exchange.getResponseHeaders().set("Content-Encoding", "gzip");
      compressed.incrementAndGet();
    }
    exchange.sendResponseHeaders(code, bytes.length);
    OutputStream out = exchange.getResponseBody();
    long pause = bodyPauseMillis;
    if (pause == 0) {
      out.write(bytes);
    } else {
      int half = bytes.length / 2;
      out.write(bytes, 0, half);
      out.flush();
      synchronized (lock) {
        long until = System.nanoTime() + pause * 1_000_000;
        while (System.nanoTime() < until && bodyPauseMillis != 0) {
          await();
        }
      }
      out.write(bytes, half, bytes.length - half);
    }
    out.close();
  }

  @Override
  public void close() {
    dropWatches();
    server.stop(0);
    threads.shutdownNow();
  }
}
