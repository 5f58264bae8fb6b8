package dev.psc.scrape.http;

import dev.psc.net.UrlHost;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;

/** A parser and writer of {@link HttpSettings} as keys of a configuration. */
public final class HttpSettingsFields {

  private HttpSettingsFields() {}

  /**
   * Reads the HTTP keys of a mapping that has other keys as well: {@code basic_auth}, {@code
   * authorization}, {@code bearer_token(_file)}, {@code oauth2}, {@code tls_config}, {@code
   * proxy_url}, {@code no_proxy}, {@code proxy_from_environment}, {@code proxy_connect_header},
   * {@code follow_redirects}, {@code enable_http2}, {@code http_headers}. Reports problems at the
   * nodes.
   */
  public static HttpSettings read(Fields fields) {
    HttpSettings.Builder builder = HttpSettings.builder();
    fields.value("tls_config").ifPresent(node -> builder.tls(tls(node)));
    builder.proxy(proxy(fields));
    builder.followRedirects(fields.flag("follow_redirects", true));
    builder.enableHttp2(fields.flag("enable_http2", true));
    fields.value("http_headers").ifPresent(node -> headers(node, builder));
    builder.credentials(credentials(fields));
    return builder.build();
  }

  private static Credentials credentials(Fields fields) {
    List<String> given = new ArrayList<>();
    for (String key :
        List.of("basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file")) {
      if (fields.has(key)) {
        given.add(key);
      }
    }
    Credentials credentials = new Credentials.None();
    Optional<SecretSource> bearer = secret(fields, "bearer_token");
    if (bearer.isPresent()) {
      credentials = new Credentials.Header("Bearer", bearer.get());
    }
    Optional<ConfigNode> basic = fields.value("basic_auth");
    if (basic.isPresent()) {
      credentials = basic(basic.get());
    }
    Optional<ConfigNode> authorization = fields.value("authorization");
    if (authorization.isPresent()) {
      credentials = authorization(authorization.get());
    }
    Optional<ConfigNode> oauth2 = fields.value("oauth2");
    if (oauth2.isPresent()) {
      credentials = oauth2(oauth2.get());
    }
    if (given.size() > 1
        && !(given.size() == 2
            && given.contains("bearer_token_file")
            && given.contains("bearer_token"))) {
      fields.node().problem(String.join(" and ", given) + " are mutually exclusive: keep one");
    }
    return credentials;
  }

  /** Reads {@code key} or {@code key_file}; reports a problem when both are present. */
  private static Optional<SecretSource> secret(Fields fields, String key) {
    Optional<SecretSource> inline = fields.secret(key).map(SecretSource::of);
    Optional<SecretSource> file = fields.file(key + "_file").map(SecretSource::file);
    if (inline.isPresent() && file.isPresent()) {
      fields.node().problem(key + " and " + key + "_file are mutually exclusive: keep one");
    }
    return inline.isPresent() ? inline : file;
  }

  private static Credentials basic(ConfigNode node) {
    try (Fields fields = node.fields()) {
      SecretSource empty = SecretSource.of(Secret.of(""));
      return new Credentials.Basic(
          secret(fields, "username").orElse(empty), secret(fields, "password").orElse(empty));
    }
  }

  private static Credentials authorization(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String type = fields.text("type").orElse("Bearer");
      Optional<SecretSource> secret = secret(fields, "credentials");
      if (secret.isEmpty()) {
        node.problem("credentials or credentials_file is required");
        return new Credentials.None();
      }
      return orComplain(
          node, new Credentials.None(), () -> new Credentials.Header(type, secret.get()));
    }
  }

  private static Credentials oauth2(ConfigNode node) {
    try (Fields fields = node.fields()) {
      String id = fields.requiredText("client_id");
      Optional<SecretSource> secret = secret(fields, "client_secret");
      if (secret.isEmpty()) {
        node.problem("client_secret or client_secret_file is required");
      }
      fields.requiredText("token_url");
      Optional<URI> url = fields.value("token_url").flatMap(HttpSettingsFields::url);
      List<String> scopes = fields.texts("scopes");
      Map<String, String> params = fields.textMap("endpoint_params");
      TlsSettings tls =
          fields.value("tls_config").map(HttpSettingsFields::tls).orElse(TlsSettings.DEFAULT);
      ProxySettings proxy = proxy(fields);
      if (secret.isEmpty() || url.isEmpty()) {
        return new Credentials.None();
      }
      return new Credentials.OAuth2(id, secret.get(), url.get(), scopes, params, tls, proxy);
    }
  }

  /** Reads an {@code http} or {@code https} URL; reports a problem otherwise, without its text. */
  public static Optional<URI> url(ConfigNode node) {
    return node.converted(
        "an http:// or https:// URL",
        text -> url(text, Set.of("http", "https"), "an http:// or https:// URL with a host"));
  }

  /** The text stays out of the messages, as it may hold a password. */
  private static URI url(String text, Set<String> schemes, String expected) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(
          "expected " + expected + ": " + e.getReason() + " at index " + e.getIndex(), null);
    }
    if (uri.getScheme() == null
        || !schemes.contains(uri.getScheme().toLowerCase(Locale.ROOT))
        || UrlHost.of(uri).isEmpty()) {
      throw new IllegalArgumentException("expected " + expected);
    }
    return uri;
  }

  /** Reads the mapping below {@code tls_config}; reports problems at the nodes. */
  public static TlsSettings tls(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<SecretSource> ca = secret(fields, "ca");
      Optional<SecretSource> certificate = secret(fields, "cert");
      Optional<SecretSource> key = secret(fields, "key");
      Optional<String> serverName = fields.text("server_name").filter(name -> !name.isEmpty());
      boolean insecureSkipVerify = fields.flag("insecure_skip_verify", false);
      Optional<String> min = fields.oneOf("min_version", TlsVersion.class).map(Enum::name);
      Optional<String> max = fields.oneOf("max_version", TlsVersion.class).map(Enum::name);
      return orComplain(
          node,
          TlsSettings.DEFAULT,
          () -> new TlsSettings(ca, certificate, key, serverName, insecureSkipVerify, min, max));
    }
  }

  private static ProxySettings proxy(Fields fields) {
    Optional<URI> url = fields.value("proxy_url").flatMap(HttpSettingsFields::proxyUrl);
    List<String> noProxy =
        fields.text("no_proxy").stream()
            .flatMap(text -> Arrays.stream(text.split(",")))
            .map(String::trim)
            .filter(text -> !text.isEmpty())
            .toList();
    boolean fromEnvironment = fields.flag("proxy_from_environment", false);
    Map<String, List<SecretSource>> headers = new LinkedHashMap<>();
    fields
        .value("proxy_connect_header")
        .ifPresent(
            node ->
                node.entries()
                    .forEach(
                        (name, values) ->
                            headers.put(
                                name,
                                values.items().stream()
                                    .flatMap(value -> value.secret().stream())
                                    .map(SecretSource::of)
                                    .toList())));
    return orComplain(
        fields.node(),
        ProxySettings.NONE,
        () -> new ProxySettings(url, noProxy, fromEnvironment, headers));
  }

  /** Reads a proxy that Go's client supports; one that Java's does not is only a warning. */
  private static Optional<URI> proxyUrl(ConfigNode node) {
    Optional<URI> url =
        node.converted(
            "the URL of a proxy",
            text ->
                url(
                    text,
                    Set.of("http", "https", "socks5", "socks5h"),
                    "http://[user:password@]host:port"));
    if (url.isPresent() && !"http".equalsIgnoreCase(url.get().getScheme())) {
      node.warning(
          "Java's HTTP client does not support "
              + url.get().getScheme().toLowerCase(Locale.ROOT)
              + ":// proxies: every request through this one fails; use an http:// proxy");
    }
    return url;
  }

  private static void headers(ConfigNode node, HttpSettings.Builder builder) {
    node.entries()
        .forEach(
            (name, value) -> {
              List<SecretSource> values = new ArrayList<>();
              try (Fields fields = value.fields()) {
                fields
                    .texts("values")
                    .forEach(text -> values.add(SecretSource.of(Secret.of(text))));
                for (ConfigNode secret : fields.items("secrets")) {
                  secret.secret().map(SecretSource::of).ifPresent(values::add);
                }
                for (ConfigNode file : fields.items("files")) {
                  file.file().map(SecretSource::file).ifPresent(values::add);
                }
              }
              orComplain(value, builder, () -> builder.header(name, values));
            });
  }

  private static <T> T orComplain(ConfigNode node, T otherwise, Supplier<T> supplier) {
    try {
      return supplier.get();
    } catch (IllegalArgumentException e) {
      node.problem(String.valueOf(e.getMessage()));
      return otherwise;
    }
  }

  /** Returns the configuration keys of the settings, with secrets hidden. */
  public static Map<String, Object> settings(HttpSettings http) {
    Map<String, Object> map = new LinkedHashMap<>();
    Credentials credentials = http.credentials();
    if (credentials instanceof Credentials.Basic basic) {
      Map<String, Object> inner = new LinkedHashMap<>();
      basic.username().value().ifPresent(name -> inner.put("username", name.reveal()));
      basic.username().file().ifPresent(file -> inner.put("username_file", file.toString()));
      put(inner, "password", basic.password());
      map.put("basic_auth", inner);
    } else if (credentials instanceof Credentials.Header header) {
      Map<String, Object> inner = new LinkedHashMap<>();
      inner.put("type", header.type());
      put(inner, "credentials", header.credentials());
      map.put("authorization", inner);
    } else if (credentials instanceof Credentials.OAuth2 oauth2) {
      map.put("oauth2", oauth2Settings(oauth2));
    }
    putTls(map, http.tls());
    putProxy(map, http.proxy());
    map.put("follow_redirects", http.followRedirects());
    map.put("enable_http2", http.enableHttp2());
    if (!http.headers().isEmpty()) {
      Map<String, Object> headers = new LinkedHashMap<>();
      new TreeMap<>(http.headers())
          .forEach(
              (name, values) -> {
                Map<String, Object> inner = new LinkedHashMap<>();
                List<Object> secrets = texts(values, source -> source.value().map(x -> (Object) x));
                List<Object> files =
                    texts(values, source -> source.file().map(x -> (Object) x.toString()));
                if (!secrets.isEmpty()) {
                  inner.put("secrets", secrets);
                }
                if (!files.isEmpty()) {
                  inner.put("files", files);
                }
                headers.put(name, inner);
              });
      map.put("http_headers", headers);
    }
    return map;
  }

  private static List<Object> texts(
      List<SecretSource> sources, Function<SecretSource, Optional<Object>> part) {
    return sources.stream().flatMap(source -> part.apply(source).stream()).toList();
  }

  private static Map<String, Object> oauth2Settings(Credentials.OAuth2 oauth2) {
    Map<String, Object> inner = new LinkedHashMap<>();
    inner.put("client_id", oauth2.clientId());
    put(inner, "client_secret", oauth2.clientSecret());
    inner.put("token_url", oauth2.tokenUrl().toString());
    if (!oauth2.scopes().isEmpty()) {
      inner.put("scopes", oauth2.scopes());
    }
    if (!oauth2.endpointParams().isEmpty()) {
      inner.put("endpoint_params", new TreeMap<>(oauth2.endpointParams()));
    }
    putTls(inner, oauth2.tls());
    putProxy(inner, oauth2.proxy());
    return inner;
  }

  private static void put(Map<String, Object> map, String key, SecretSource source) {
    source.value().ifPresent(value -> map.put(key, value));
    source.file().ifPresent(file -> map.put(key + "_file", file.toString()));
  }

  private static void putTls(Map<String, Object> map, TlsSettings tls) {
    if (tls.equals(TlsSettings.DEFAULT)) {
      return;
    }
    Map<String, Object> inner = new LinkedHashMap<>();
    tls.ca().ifPresent(ca -> put(inner, "ca", ca));
    tls.certificate().ifPresent(certificate -> put(inner, "cert", certificate));
    tls.key().ifPresent(key -> put(inner, "key", key));
    tls.serverName().ifPresent(name -> inner.put("server_name", name));
    inner.put("insecure_skip_verify", tls.insecureSkipVerify());
    tls.minVersion().ifPresent(version -> inner.put("min_version", version));
    tls.maxVersion().ifPresent(version -> inner.put("max_version", version));
    map.put("tls_config", inner);
  }

  private static void putProxy(Map<String, Object> map, ProxySettings proxy) {
    proxy.url().ifPresent(url -> map.put("proxy_url", withoutUserInfo(url)));
    if (!proxy.noProxy().isEmpty()) {
      map.put("no_proxy", String.join(",", proxy.noProxy()));
    }
    if (proxy.fromEnvironment()) {
      map.put("proxy_from_environment", true);
    }
    if (!proxy.connectHeaders().isEmpty()) {
      Map<String, Object> headers = new LinkedHashMap<>();
      new TreeMap<>(proxy.connectHeaders())
          .forEach(
              (name, values) ->
                  headers.put(name, texts(values, source -> source.value().map(x -> (Object) x))));
      map.put("proxy_connect_header", headers);
    }
  }

  /** Returns a URL as text, without a password. */
  public static String withoutUserInfo(URI url) {
    // Not by getRawUserInfo, which returns none before a host with an underscore.
    String authority = url.getRawAuthority();
    int at = authority == null ? -1 : authority.lastIndexOf('@');
    return authority == null || at < 0
        ? url.toString()
        : url.toString().replace(authority, Secret.PLACEHOLDER + authority.substring(at));
  }
}
