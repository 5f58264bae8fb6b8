package dev.psc.scrape.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scrape.discovery.DiscoveryException;
import dev.psc.scrape.http.Credentials;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.http.SecretSource;
import dev.psc.scrape.settings.Secret;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {

  @TempDir Path directory;

  private ApiServer kubeconfig(String cluster, String user) throws Exception {
    Path file = directory.resolve("config");
    Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts:
        - {name: other, context: {cluster: none, user: none}}
        - {name: here, context: {cluster: c, user: u}}
        clusters: [{name: c, cluster: {%s}}]
        users: [{name: u, user: {%s}}]
        """
            .formatted(cluster, user));
    return Kubeconfig.read(file);
  }

  @Test
  void readsTokensCertificatesAndNamesOfAKubeconfig() throws Exception {
    String pem = Base64.getEncoder().encodeToString("PEM".getBytes(StandardCharsets.UTF_8));
    ApiServer server =
        kubeconfig(
            "server: 'https://k8s.test:6443/prefix', certificate-authority-data: "
                + pem
                + ", tls-server-name: other, insecure-skip-tls-verify: false",
            "client-certificate: cert.pem, client-key-data: " + pem + ", token: t");
    assertThat(server.base()).isEqualTo(URI.create("https://k8s.test:6443/prefix"));
    assertThat(server.ownNamespace()).isEqualTo("default");
    var tls = server.http().tls();
    assertThat(tls.ca()).contains(SecretSource.of(Secret.of("PEM")));
    assertThat(tls.certificate())
        .contains(SecretSource.file(directory.toAbsolutePath().resolve("cert.pem")));
    assertThat(tls.key()).contains(SecretSource.of(Secret.of("PEM")));
    assertThat(tls.serverName()).contains("other");
    assertThat(server.http().credentials())
        .isEqualTo(new Credentials.Header("Bearer", SecretSource.of(Secret.of("t"))));
    assertThat(server.http().enableHttp2()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "server: 'https://k:1' | exec: {command: aws} | uses exec, which is not supported",
        "server: 'https://k:1' | auth-provider: {name: gcp} | auth-provider, which is not supported",
        "server: '' | token: t | no server",
        "server: 'https://k:1', certificate-authority-data: '%' | token: hush | -data is not"
            + " base64",
        "server: 'https://k:1' | client-key: x | needs cert",
        "server: 'https://k:1', proxy-url: 'socks5://x:1' | token: t | proxy-url",
      })
  void saysWhatCannotBeUsedInAKubeconfig(String cluster, String user, String message) {
    assertThatThrownBy(() -> kubeconfig(cluster, user))
        .isInstanceOf(DiscoveryException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(directory.toString())
        .hasMessageNotContaining("hush");
  }

  @Test
  void saysWhatIsWrongWithAFileThatIsNoKubeconfig() throws IOException {
    Path absent = directory.resolve("absent");
    assertThatThrownBy(() -> Kubeconfig.read(absent)).hasMessageContaining("cannot be read");
    Path broken = Files.writeString(directory.resolve("broken"), "a: [hush");
    assertThatThrownBy(() -> Kubeconfig.read(broken))
        .hasMessageContaining("not valid YAML")
        .hasMessageNotContaining("hush");
    Path empty = Files.writeString(directory.resolve("empty"), "{}");
    assertThatThrownBy(() -> Kubeconfig.read(empty)).hasMessageContaining("current-context");
  }

  @Test
  void findsTheClusterOfThePod() throws Exception {
    Files.writeString(directory.resolve("token"), "t");
    Files.writeString(directory.resolve("namespace"), "shop\n");
    ApiServer server = new ClusterEnvironment("fd00::1", "443", directory).apiServer();
    assertThat(server.base()).isEqualTo(URI.create("https://[fd00::1]:443"));
    assertThat(server.ownNamespace()).isEqualTo("shop");
    assertThat(server.http().credentials())
        .isEqualTo(new Credentials.Header("Bearer", SecretSource.file(directory.resolve("token"))));
    assertThat(server.http().tls().ca()).contains(SecretSource.file(directory.resolve("ca.crt")));
  }

  @Test
  void saysThatAPodHasNoToken() {
    assertThatThrownBy(() -> new ClusterEnvironment("h", "443", directory).apiServer())
        .hasMessageContaining("automountServiceAccountToken");
  }

  @Test
  void contradictionsAreRefused() {
    URI api = URI.create("https://k:1");
    assertThatThrownBy(
            () ->
                KubernetesDiscovery.builder(KubernetesRole.POD)
                    .apiServer(api)
                    .kubeconfigFile(directory)
                    .build())
        .hasMessageContaining("mutually exclusive");
    assertThatThrownBy(
            () ->
                KubernetesDiscovery.builder(KubernetesRole.POD)
                    .apiServer(api)
                    .ownNamespace(true)
                    .build())
        .hasMessageContaining("own_namespace");
    assertThatThrownBy(
            () ->
                KubernetesDiscovery.builder(KubernetesRole.POD)
                    .http(HttpSettings.builder().followRedirects(false).build())
                    .build())
        .hasMessageContaining("api_server");
    assertThatThrownBy(
            () ->
                KubernetesDiscovery.builder(KubernetesRole.NODE)
                    .selectors(List.of(new KubernetesSelector(KubernetesRole.POD, "a=b", "")))
                    .build())
        .hasMessageContaining("role node does not support a selector of role pod");
  }

  @Test
  void settingsShowNoSecret() {
    HttpSettings http =
        HttpSettings.builder()
            .credentials(new Credentials.Header("Bearer", SecretSource.of(Secret.of("hush"))))
            .build();
    KubernetesDiscovery settings =
        KubernetesDiscovery.builder(KubernetesRole.ENDPOINTSLICE)
            .apiServer(URI.create("https://k:1"))
            .http(http)
            .namespaces(List.of("a"))
            .build();
    assertThat(settings.settings()).containsEntry("role", "endpointslice");
    assertThat(settings.toString()).doesNotContain("hush").contains("<secret>");
  }

  @Test
  void pausesGrowAndVary() {
    Timing timing = Timing.DEFAULT;
    assertThat(timing.pause(1, false, Duration.ZERO, 0)).isEqualTo(Duration.ofMillis(750));
    assertThat(timing.pause(1, false, Duration.ZERO, 1)).isEqualTo(Duration.ofMillis(1250));
    assertThat(timing.pause(4, false, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(8));
    assertThat(timing.pause(1000, false, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(30));
    assertThat(timing.pause(1, true, Duration.ZERO, 0.5)).isEqualTo(Duration.ofSeconds(60));
  }
}
