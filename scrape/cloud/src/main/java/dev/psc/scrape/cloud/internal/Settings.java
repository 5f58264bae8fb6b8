package dev.psc.scrape.cloud.internal;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Readers of the keys that several mechanisms have. */
public final class Settings {

  private Settings() {}

  /**
   * A filter of an API's list.
   *
   * @param name of the attribute
   * @param values of which one has to match
   */
  public record Filter(String name, List<String> values) {
    /** Copies the list. */
    public Filter {
      values = List.copyOf(values);
    }

    /** Returns the keys of a configuration. */
    public Map<String, Object> settings() {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", name);
      map.put("values", values);
      return map;
    }
  }

  /** Reads {@code port}; 80 by default. */
  public static int port(Fields fields) {
    return fields.integer("port", 1, 65535).orElse(80L).intValue();
  }

  /** Reads the list {@code filters}; each has a name and at least one value. */
  public static List<Filter> filters(Fields fields) {
    List<Filter> filters = new ArrayList<>();
    for (ConfigNode item : fields.items("filters")) {
      try (Fields filter = item.fields()) {
        String name = filter.requiredText("name");
        List<String> values = filter.texts("values");
        if (values.isEmpty()) {
          item.problem("values is required: at least one");
        }
        filters.add(new Filter(name, values));
      }
    }
    return filters;
  }

  /** Returns filters as the values of a configuration. */
  public static List<Object> settings(List<Filter> filters) {
    return filters.stream().map(filter -> (Object) filter.settings()).toList();
  }

  /** Reads the URL of a server, with a default; a problem is reported at the value. */
  public static Optional<URI> url(Fields fields, String key, String defaultValue) {
    Optional<ConfigNode> node = fields.value(key);
    if (node.isEmpty()) {
      return Optional.of(URI.create(defaultValue));
    }
    return node.get().converted("a URL", Settings::url);
  }

  /** Returns an http or https URL with a host. */
  public static URI url(String text) {
    String message = "expected an http:// or https:// URL with a host";
    try {
      URI uri = new URI(text);
      boolean web =
          "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      if (!web || uri.getHost() == null) {
        throw new IllegalArgumentException(message);
      }
      return uri;
    } catch (java.net.URISyntaxException e) {
      // Its message would show the URL, which may contain a password.
      throw new IllegalArgumentException(message, e);
    }
  }

  /** Returns a URL as text without the slashes at its end. */
  public static String withoutSlash(URI url) {
    return url.toString().replaceAll("/+$", "");
  }

  /** Returns settings whose requests have an {@code Authorization} header. */
  public static HttpSettings authorized(HttpSettings http, String type, String credentials) {
    return http.toBuilder()
        .credentials(new Credentials.Header(type, SecretSource.of(Secret.of(credentials))))
        .build();
  }

  /** Returns settings whose requests have one more header with a secret. */
  public static HttpSettings withHeader(HttpSettings http, String header, Secret value) {
    return http.toBuilder().header(header, List.of(SecretSource.of(value))).build();
  }

  /** Puts a text unless it is empty. */
  public static void put(Map<String, Object> settings, String key, String value) {
    if (!value.isEmpty()) {
      settings.put(key, value);
    }
  }
}
