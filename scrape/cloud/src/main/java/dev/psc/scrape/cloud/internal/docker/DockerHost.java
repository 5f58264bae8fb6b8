package dev.psc.scrape.cloud.internal.docker;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import dev.psc.scrape.cloud.internal.ApiClient;
import dev.psc.scrape.cloud.internal.Json;
import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.cloud.internal.SocketHttp;
import dev.psc.scrape.discovery.DiscoveryContext;
import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import java.io.IOException;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The address of a Docker daemon.
 *
 * @param uri with scheme unix, http or https
 */
record DockerHost(URI uri) {

  private static final String FORMS =
      "expected unix:///var/run/docker.sock, or a tcp://, http:// or https:// URL with a host";

  /**
   * Reads the value of {@code host}.
   *
   * @throws IllegalArgumentException if it is not the address of a daemon
   */
  static DockerHost of(String text) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalArgumentException(FORMS, e);
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    switch (scheme) {
      case "unix" -> {
        if (uri.getPath() == null || uri.getPath().isEmpty()) {
          throw new IllegalArgumentException(FORMS);
        }
        return new DockerHost(uri);
      }
      case "tcp" -> {
        // The same protocol by Docker's name for it.
        return new DockerHost(Settings.url("http" + text.substring(3)));
      }
      case "http", "https" -> {
        return new DockerHost(Settings.url(text));
      }
      default -> throw new IllegalArgumentException(FORMS);
    }
  }

  /** Returns the address as text, without a password. */
  String shown() {
    return HttpSettingsFields.withoutUserInfo(uri);
  }

  /** Returns requests to the daemon, over its Unix socket or HTTP. */
  Api api(String name, HttpSettings http, Duration interval, DiscoveryContext context) {
    ApiClient client = ApiClient.polling(name, context.http(), interval);
    if (!"unix".equalsIgnoreCase(uri.getScheme())) {
      String base = Settings.withoutSlash(uri);
      return target -> client.json(URI.create(base + target), http, Map.of());
    }
    UnixDomainSocketAddress socket = UnixDomainSocketAddress.of(uri.getPath());
    Duration timeout = ApiClient.timeout(interval);
    return target -> {
      SocketHttp.Answer answer;
      try {
        answer =
            SocketHttp.exchange(
                socket,
                new SocketHttp.Request("GET", "localhost", target, Map.of()),
                timeout,
                ApiClient.BODY_LIMIT_BYTES,
                context.scheduler());
      } catch (IOException e) {
        throw new DiscoveryException(
            name
                + ": "
                + (e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage())
                + "; check that the daemon is running, and that this user may use its socket",
            e);
      }
      if (answer.status() != 200) {
        throw new DiscoveryException(
            name
                + ": "
                + target.replaceAll("\\?.*", "")
                + " returned "
                + answer.status()
                + ", not 200: "
                + ApiClient.beginning(answer.body()));
      }
      return Json.parse(answer.body());
    };
  }

  /** Requests to a daemon. */
  @FunctionalInterface
  interface Api {

    /** Returns the JSON at a path with its query. */
    Json get(String target) throws DiscoveryException, InterruptedException;
  }

  /** Returns filters as the daemon's query, or the empty text. */
  static String query(List<Filter> filters) {
    if (filters.isEmpty()) {
      return "";
    }
    JsonObject all = new JsonObject();
    for (Filter filter : filters) {
      JsonArray values = all.getAsJsonArray(filter.name());
      if (values == null) {
        values = new JsonArray();
        all.add(filter.name(), values);
      }
      filter.values().forEach(values::add);
    }
    return "?filters=" + ApiClient.encoded(all.toString());
  }
}
