package dev.psc.scrape.cloud.internal.consul;

import dev.psc.scrape.cloud.internal.Settings;
import dev.psc.scrape.discovery.DiscoveryConfig;
import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.HttpSettingsFields;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import dev.psc.scrape.settings.Secret;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A parser of {@code consul_sd_configs}, found by {@link java.util.ServiceLoader}. */
public final class ConsulProvider implements DiscoveryProvider {

  /** Creates the provider. */
  public ConsulProvider() {}

  @Override
  public String key() {
    return ConsulSettings.KEY;
  }

  @Override
  public Optional<DiscoveryConfig> read(ConfigNode node) {
    try (Fields fields = node.fields()) {
      Optional<URI> server = server(fields);
      Optional<Secret> token = fields.secret("token").filter(value -> !value.isEmpty());
      ConsulSettings.Scope scope =
          new ConsulSettings.Scope(
              fields.text("datacenter").orElse(""),
              fields.text("namespace").orElse(""),
              fields.text("partition").orElse(""));
      String separator = fields.text("tag_separator").orElse(",");
      boolean allowStale = fields.flag("allow_stale", true);
      List<String> services = fields.texts("services");
      List<String> tags = fields.texts("tags");
      Map<String, String> nodeMeta = fields.textMap("node_meta");
      String filter = fields.text("filter").orElse("");
      String healthFilter = fields.text("health_filter").orElse("");
      Duration interval = fields.refreshInterval(Duration.ofSeconds(30));
      HttpSettings http = withPassword(fields, HttpSettingsFields.read(fields));
      if (token.isPresent()
          && (http.credentials() instanceof Credentials.Header
              || http.credentials() instanceof Credentials.OAuth2)) {
        node.problem("token, authorization and oauth2 are mutually exclusive: keep one");
      }
      return server.map(
          url ->
              new ConsulSettings(
                  url,
                  token,
                  scope,
                  separator,
                  allowStale,
                  services,
                  tags,
                  nodeMeta,
                  filter,
                  healthFilter,
                  interval,
                  http));
    }
  }

  /** Returns the URL of {@code scheme}, {@code server} and {@code path_prefix}. */
  private static Optional<URI> server(Fields fields) {
    String scheme = fields.text("scheme").orElse("http");
    String prefix = fields.text("path_prefix").orElse("");
    if (fields.has("server") && fields.text("server").map(String::isBlank).orElse(false)) {
      fields.requiredText("server");
    }
    Optional<ConfigNode> node = fields.value("server");
    if (node.isEmpty()) {
      return Optional.of(url(scheme, "localhost:8500", prefix));
    }
    return node.get().converted("an address", server -> url(scheme, server, prefix));
  }

  private static URI url(String scheme, String server, String prefix) {
    String path = prefix.isEmpty() || prefix.startsWith("/") ? prefix : "/" + prefix;
    try {
      return Settings.url((server.contains("://") ? server : scheme + "://" + server) + path);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "expected host:port of the agent, with scheme http or https", e);
    }
  }

  /** Returns settings with {@code username} and {@code password}, the older form of basic_auth. */
  private static HttpSettings withPassword(Fields fields, HttpSettings http) {
    Optional<String> username = fields.text("username").filter(name -> !name.isEmpty());
    Optional<Secret> password = fields.secret("password").filter(value -> !value.isEmpty());
    if (username.isEmpty() && password.isEmpty()) {
      return http;
    }
    if (!(http.credentials() instanceof Credentials.None)) {
      fields
          .node()
          .problem(
              "username with password, basic_auth, authorization and oauth2 are mutually"
                  + " exclusive: keep one");
      return http;
    }
    return http.toBuilder()
        .credentials(
            new Credentials.Basic(
                SecretSource.of(Secret.of(username.orElse(""))),
                SecretSource.of(password.orElse(Secret.of("")))))
        .build();
  }
}
