package dev.psc.scrape.kubernetes;

import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The address of the API server and the settings to connect to it.
 *
 * @param base without a path, or with the path of a proxy in front of it
 * @param http without HTTP/2: a watch holds its connection for minutes, and the JDK's client does
 *     not detect a dead HTTP/2 connection, which all watches would share
 * @param ownNamespace of the pod or of the kubeconfig's context; empty if unknown
 * @param origin names the settings that these come from
 */
record ApiServer(URI base, HttpSettings http, String ownNamespace, Origin origin) {

  /**
   * Names of the settings that a message tells an operator to check.
   *
   * @param server the setting of the address
   * @param authority the setting of the certificate authority
   * @param serverName the setting of the name that the server's certificate has to have
   * @param credentials the setting of token or client certificate
   */
  record Origin(String server, String authority, String serverName, String credentials) {

    /** The keys of {@code kubernetes_sd_configs}. */
    static final Origin CONFIGURATION =
        new Origin(
            "api_server",
            "tls_config.ca_file",
            "tls_config.server_name",
            "authorization, basic_auth or tls_config.cert_file");

    static Origin kubeconfig(Path file) {
      String in = " in kubeconfig " + file;
      return new Origin(
          "the cluster's server" + in,
          "the cluster's certificate-authority" + in,
          "the cluster's tls-server-name" + in,
          "the user's token or client certificate" + in);
    }

    static Origin serviceAccount(Path directory) {
      return new Origin(
          "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT",
          "the cluster's authority in " + directory.resolve("ca.crt"),
          "KUBERNETES_SERVICE_HOST",
          "the service account's token in " + directory.resolve("token"));
    }
  }

  /** Returns the files with tokens, certificates and keys. */
  List<Path> files() {
    List<Path> files = new ArrayList<>();
    if (http.credentials() instanceof Credentials.Header header) {
      header.credentials().file().ifPresent(files::add);
    }
    Stream.of(http.tls().ca(), http.tls().certificate(), http.tls().key())
        .flatMap(source -> source.flatMap(SecretSource::file).stream())
        .forEach(files::add);
    return files;
  }
}
