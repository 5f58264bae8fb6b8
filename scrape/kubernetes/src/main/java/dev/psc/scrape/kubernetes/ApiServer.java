package dev.psc.scrape.kubernetes;

import dev.psc.scrape.http.HttpSettings;
import java.net.URI;

/**
 * Where the API server is and how to speak with it.
 *
 * @param base without a path, or with the path of a proxy in front of it
 * @param http without HTTP/2: a watch holds its connection for minutes, and the JDK's client cannot
 *     tell a dead HTTP/2 connection that all of them share
 * @param ownNamespace of the pod or of the kubeconfig's context; empty where there is none
 */
record ApiServer(URI base, HttpSettings http, String ownNamespace) {

  static HttpSettings withoutHttp2(HttpSettings http) {
    HttpSettings.Builder builder =
        HttpSettings.builder()
            .credentials(http.credentials())
            .tls(http.tls())
            .proxy(http.proxy())
            .followRedirects(http.followRedirects())
            .enableHttp2(false);
    http.headers().forEach(builder::header);
    return builder.build();
  }
}
