package dev.psc.scrape.kubernetes;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.http.TlsSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The environment of a pod: the address of its cluster and its service account.
 *
 * @param host of the API server; empty outside a cluster
 * @param port of the API server
 * @param serviceAccount the directory with token, ca.crt and namespace; all are replaced as they
 *     expire
 */
record ClusterEnvironment(String host, String port, Path serviceAccount) {

  private static final Path SERVICE_ACCOUNT =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

  static ClusterEnvironment system() {
    return new ClusterEnvironment(
        environment("KUBERNETES_SERVICE_HOST"),
        environment("KUBERNETES_SERVICE_PORT"),
        SERVICE_ACCOUNT);
  }

  private static String environment(String name) {
    String value = System.getenv(name);
    return value == null ? "" : value;
  }

  ApiServer apiServer() throws DiscoveryException {
    if (host.isEmpty() || port.isEmpty()) {
      throw new DiscoveryException(
          "not in a Kubernetes cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not"
              + " set; set api_server or kubeconfig_file");
    }
    Path token = serviceAccount.resolve("token");
    if (!Files.isReadable(token)) {
      throw new DiscoveryException(
          "cannot read the service account's token "
              + token
              + "; set automountServiceAccountToken: true and serviceAccountName in the pod's"
              + " spec");
    }
    TlsSettings tls =
        new TlsSettings(
            Optional.of(SecretSource.file(serviceAccount.resolve("ca.crt"))),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            false,
            Optional.empty(),
            Optional.empty());
    HttpSettings http =
        HttpSettings.builder()
            .credentials(new Credentials.Header("Bearer", SecretSource.file(token)))
            .tls(tls)
            .enableHttp2(false)
            .build();
    String bracketed = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return new ApiServer(
        URI.create("https://" + bracketed + ":" + port),
        http,
        ownNamespace(),
        ApiServer.Origin.serviceAccount(serviceAccount));
  }

  private String ownNamespace() {
    try {
      return Files.readString(serviceAccount.resolve("namespace")).strip();
    } catch (IOException e) {
      // Only own_namespace needs it, and reports that it is missing.
      return "";
    }
  }
}
