package dev.psc.scrape.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerDiscoveryTest extends CloudTest {

  private static final String NETWORKS =
      """
      [{"Id": "net-1", "Name": "app_default", "Scope": "local", "Internal": false,
        "Ingress": false, "Labels": {"com.docker.compose.network": "default"}},
       {"Id": "net-2", "Name": "other", "Scope": "local", "Internal": true, "Ingress": false,
        "Labels": null}]
      """;

  private void containers(String json) {
    json("/containers/json", json);
    json("/networks", NETWORKS);
  }

  private RecordingSink start(Object... more) {
    Map<String, Object> settings = quick(more);
    settings.putIfAbsent("host", server.url(""));
    return start("docker_sd_configs", settings);
  }

  private static String container(String id, String mode, String ports, String networks) {
    return """
    {"Id": "%s", "Names": ["/%s"], "Image": "app:1", "ImageID": "sha256:77",
     "Labels": {"com.docker.compose.service": "web"}, "Ports": [%s],
     "HostConfig": {"NetworkMode": "%s"}, "NetworkSettings": {"Networks": {%s}}}
    """
        .formatted(id, id, ports, mode, networks);
  }

  @Test
  void makesTheLabelsOfPrometheus() {
    containers(
        "["
            + container(
                "c1",
                "app_default",
                "{\"IP\": \"0.0.0.0\", \"PrivatePort\": 6060, \"PublicPort\": 16060, \"Type\":"
                    + " \"tcp\"}, {\"PrivatePort\": 53, \"Type\": \"udp\"}",
                "\"app_default\": {\"NetworkID\": \"net-1\", \"IPAddress\": \"172.19.0.2\"}")
            + "]");
    RecordingSink sink = start();
    sink.awaitAddresses("172.19.0.2:6060");
    assertThat(meta(sink.targets().get(0), "docker"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "172.19.0.2:6060"),
                Map.entry("container_id", "c1"),
                Map.entry("container_image", "app:1"),
                Map.entry("container_image_id", "sha256:77"),
                Map.entry("container_label_com_docker_compose_service", "web"),
                Map.entry("container_name", "/c1"),
                Map.entry("container_network_mode", "app_default"),
                Map.entry("network_id", "net-1"),
                Map.entry("network_ingress", "false"),
                Map.entry("network_internal", "false"),
                Map.entry("network_ip", "172.19.0.2"),
                Map.entry("network_label_com_docker_compose_network", "default"),
                Map.entry("network_name", "app_default"),
                Map.entry("network_scope", "local"),
                Map.entry("port_private", "6060"),
                Map.entry("port_public", "16060"),
                Map.entry("port_public_ip", "0.0.0.0")));
  }

  @Test
  void takesTheFirstNetworkByNameOrAll() {
    containers(
        "["
            + container(
                "c1",
                "x",
                "",
                "\"z\": {\"NetworkID\": \"net-2\", \"IPAddress\": \"10.0.0.2\"}, \"a\": null,"
                    + " \"b\": {\"NetworkID\": \"net-1\", \"IPAddress\": \"10.0.0.1\"}")
            + "]");
    start().awaitAddresses("10.0.0.1:80");
    start("match_first_network", false, "port", 6060)
        .awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
  }

  @Test
  void usesTheHostNameInTheNetworkOfTheHost() {
    containers("[" + container("c1", "host", "", "\"host\": {\"IPAddress\": \"\"}") + "]");
    start().awaitAddresses("localhost");
    start("host_networking_host", "node-7:6060").awaitAddresses("node-7:6060");
  }

  @Test
  void looksForTheNetworkOfAContainerThatSharesItAndEndsInACircle() {
    containers(
        "["
            + container("c1", "container:c2", "{\"PrivatePort\": 1, \"Type\": \"tcp\"}", "")
            + ","
            + container(
                "c2", "n", "", "\"n\": {\"NetworkID\": \"net-1\", \"IPAddress\": \"10.0.0.2\"}")
            + ","
            + container("c3", "container:c4", "", "")
            + ","
            + container("c4", "container:c3", "", "")
            + "]");
    start().awaitAddresses("10.0.0.2:1", "10.0.0.2:80");
  }

  @Test
  void usesAnIpv6AddressWithoutAnother() {
    containers(
        "["
            + container(
                "c1", "n", "", "\"n\": {\"IPAddress\": \"\", \"GlobalIPv6Address\": \"fd00::2\"}")
            + "]");
    start().awaitAddresses("[fd00::2]:80");
  }

  @Test
  void sendsFiltersAsTheDaemonExpectsThem() {
    json("/networks", "[]");
    json("/containers/json?filters=%7B%22name%22%3A%5B%22a%22%2C%22b%22%5D%7D", "[]");
    RecordingSink sink =
        start("filters", List.of(Map.of("name", "name", "values", List.of("a", "b"))));
    org.awaitility.Awaitility.await()
        .atMost(RecordingSink.PATIENCE)
        .until(() -> sink.replacements() > 0);
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void keepsTargetsThroughAFailureAndSaysWhy() {
    containers("[" + container("c1", "n", "", "\"n\": {\"IPAddress\": \"10.0.0.2\"}") + "]");
    RecordingSink sink = start();
    sink.awaitAddresses("10.0.0.2:80");
    replies.put("/networks", new Reply(500, "application/json", "{\"message\": \"no swarm\"}"));
    sink.awaitFailure(
        failure -> failure.contains("/networks returned 500") && failure.contains("no swarm"));
    assertThat(sink.addresses()).containsExactly("10.0.0.2:80");
    containers("[]");
    sink.awaitAddresses();
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void speaksOverAUnixSocket(@TempDir Path directory) throws IOException {
    Path path = directory.resolve("docker.sock");
    containers("[" + container("c1", "n", "", "\"n\": {\"IPAddress\": \"10.0.0.2\"}") + "]");
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(path));
      Thread daemon = new Thread(() -> serve(socket), "psc-test-docker");
      daemon.setDaemon(true);
      daemon.start();
      RecordingSink sink = start("host", "unix://" + path);
      sink.awaitAddresses("10.0.0.2:80");
      assertThat(server.heads()).isEmpty();
    }
  }

  /** Answers in chunks, as the daemon does. */
  private void serve(ServerSocketChannel socket) {
    while (true) {
      try (SocketChannel channel = socket.accept()) {
        ByteBuffer head = ByteBuffer.allocate(4096);
        while (!text(head).endsWith("\r\n\r\n")) {
          channel.read(head);
        }
        String path = text(head).split(" ", -1)[1];
        Reply reply = replies.getOrDefault(path, new Reply(404, "text/plain", "?"));
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        channel.write(
            ascii("HTTP/1.1 " + reply.status() + " x\r\nTransfer-Encoding: chunked\r\n\r\n"));
        channel.write(ascii(Integer.toHexString(body.length) + "\r\n"));
        channel.write(ByteBuffer.wrap(body));
        channel.write(ascii("\r\n0\r\n\r\n"));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }

  private static String text(ByteBuffer buffer) {
    return StandardCharsets.US_ASCII.decode(buffer.duplicate().flip()).toString();
  }

  private static ByteBuffer ascii(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void saysThatTheSocketIsMissing(@TempDir Path directory) {
    RecordingSink sink = start("host", "unix://" + directory.resolve("none.sock"));
    sink.awaitFailure(
        failure ->
            failure.contains("docker_sd unix://" + directory)
                && failure.contains("check that the daemon is running"));
  }
}
