package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.ProxySettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** A kubeconfig, of which the current context is used. */
final class Kubeconfig {

  private final Path file;
  private final Path directory;

  private Kubeconfig(Path file) {
    this.file = file;
    Path parent = file.toAbsolutePath().getParent();
    this.directory = parent == null ? file.toAbsolutePath() : parent;
  }

  /** Returns the API server of the current context. */
  static ApiServer read(Path file) throws DiscoveryException {
    return new Kubeconfig(file).read();
  }

  private ApiServer read() throws DiscoveryException {
    Map<?, ?> root = root();
    String contextName = text(root, "current-context");
    if (contextName.isEmpty()) {
      throw problem("has no current-context; choose one with kubectl config use-context", null);
    }
    Map<?, ?> context = named(root, "contexts", "context", contextName);
    Map<?, ?> cluster = named(root, "clusters", "cluster", text(context, "cluster"));
    String userName = text(context, "user");
    Map<?, ?> user = userName.isEmpty() ? Map.of() : named(root, "users", "user", userName);
    String server = text(cluster, "server");
    URI base;
    try {
      base = new URI(server);
    } catch (java.net.URISyntaxException e) {
      throw problem("server is not a URL", e);
    }
    if (base.getHost() == null) {
      throw problem("cluster " + text(context, "cluster") + " has no server with a host", null);
    }
    try {
      HttpSettings http =
          HttpSettings.builder()
              .credentials(credentials(user, userName))
              .tls(tls(cluster, user))
              .proxy(proxy(cluster))
              .enableHttp2(false)
              .build();
      String namespace = text(context, "namespace");
      return new ApiServer(
          base,
          http,
          namespace.isEmpty() ? "default" : namespace,
          ApiServer.Origin.kubeconfig(file));
    } catch (IllegalArgumentException e) {
      throw problem(String.valueOf(e.getMessage()), e);
    }
  }

  private Map<?, ?> root() throws DiscoveryException {
    try {
      Object document =
          new Load(LoadSettings.builder().setLabel(file.toString()).build())
              .loadFromString(Files.readString(file));
      if (document instanceof Map<?, ?> map) {
        return map;
      }
      throw problem("is not a mapping", null);
    } catch (IOException e) {
      throw problem("cannot be read (" + e + "); check kubeconfig_file", e);
    } catch (YamlEngineException e) {
      // The message quotes the document, which may hold secrets.
      throw problem("is not valid YAML", null);
    }
  }

  private DiscoveryException problem(String what, @Nullable Throwable cause) {
    return new DiscoveryException("kubeconfig " + file + " " + what, cause);
  }

  private Map<?, ?> named(Map<?, ?> root, String list, String key, String name)
      throws DiscoveryException {
    if (root.get(list) instanceof List<?> entries) {
      for (Object entry : entries) {
        if (entry instanceof Map<?, ?> map
            && text(map, "name").equals(name)
            && map.get(key) instanceof Map<?, ?> value) {
          return value;
        }
      }
    }
    throw problem("has no " + key + " \"" + name + "\"", null);
  }

  private static String text(Map<?, ?> map, String key) {
    Object value = map.get(key);
    return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
  }

  private Credentials credentials(Map<?, ?> user, String userName) throws DiscoveryException {
    for (String plugin : List.of("exec", "auth-provider")) {
      if (user.containsKey(plugin)) {
        throw problem(
            "user "
                + userName
                + " uses "
                + plugin
                + ", which is not supported; use a token or a client certificate, e.g. of a"
                + " service account (kubectl create token)",
            null);
      }
    }
    // As kubectl does: the file wins over the token that it replaces.
    String tokenFile = text(user, "tokenFile");
    if (!tokenFile.isEmpty()) {
      return new Credentials.Header("Bearer", SecretSource.file(directory.resolve(tokenFile)));
    }
    String token = text(user, "token");
    if (!token.isEmpty()) {
      return new Credentials.Header("Bearer", SecretSource.of(Secret.of(token)));
    }
    String username = text(user, "username");
    if (!username.isEmpty()) {
      return new Credentials.Basic(
          SecretSource.of(Secret.of(username)), SecretSource.of(Secret.of(text(user, "password"))));
    }
    return new Credentials.None();
  }

  private TlsSettings tls(Map<?, ?> cluster, Map<?, ?> user) throws DiscoveryException {
    return new TlsSettings(
        pem(cluster, "certificate-authority"),
        pem(user, "client-certificate"),
        pem(user, "client-key"),
        Optional.of(text(cluster, "tls-server-name")).filter(name -> !name.isEmpty()),
        text(cluster, "insecure-skip-tls-verify").equals("true"),
        Optional.empty(),
        Optional.empty());
  }

  private Optional<SecretSource> pem(Map<?, ?> map, String key) throws DiscoveryException {
    String data = text(map, key + "-data");
    if (!data.isEmpty()) {
      try {
        byte[] pem = Base64.getDecoder().decode(data.replaceAll("\\s", ""));
        return Optional.of(
            SecretSource.of(Secret.of(new String(pem, StandardCharsets.ISO_8859_1))));
      } catch (IllegalArgumentException e) {
        throw problem(key + "-data is not base64", null);
      }
    }
    String path = text(map, key);
    return path.isEmpty()
        ? Optional.empty()
        : Optional.of(SecretSource.file(directory.resolve(path)));
  }

  private ProxySettings proxy(Map<?, ?> cluster) throws DiscoveryException {
    String url = text(cluster, "proxy-url");
    if (url.isEmpty()) {
      return ProxySettings.NONE;
    }
    URI proxy = URI.create(url);
    if (!"http".equalsIgnoreCase(proxy.getScheme())) {
      throw problem("proxy-url must be an http:// URL", null);
    }
    return new ProxySettings(Optional.of(proxy), List.of(), false, Map.of());
  }
}
