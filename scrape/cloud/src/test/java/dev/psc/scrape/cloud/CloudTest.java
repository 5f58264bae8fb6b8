package dev.psc.scrape.cloud;

import dev.psc.label.LabelSet;
import dev.psc.scrape.cloud.internal.MetaLabels;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A discovery against a server that answers as the documented API does. */
abstract class CloudTest {

  DiscoveryFixture fixture;
  TestServer server;

  /** The answers by path and query; those that are not there are 404. */
  final Map<String, Reply> replies = new ConcurrentHashMap<>();

  record Reply(int status, String contentType, String body) {}

  @BeforeEach
  void open() throws IOException {
    fixture = new DiscoveryFixture();
    server = TestServer.start(this::answer);
  }

  @AfterEach
  void shut() throws IOException {
    fixture.close();
    server.close();
  }

  void answer(TestServer.Call call) throws IOException, InterruptedException {
    Reply reply = replies.get(call.path());
    if (reply == null) {
      reply = replies.get(call.path().replaceAll("\\?.*", ""));
    }
    if (reply == null) {
      call.answer(404, "text/plain", "nothing at " + call.path());
    } else {
      call.answer(
          reply.status(), reply.contentType(), reply.body().getBytes(StandardCharsets.UTF_8));
    }
  }

  void json(String path, String body) {
    replies.put(path, new Reply(200, "application/json", body));
  }

  void xml(String path, String body) {
    replies.put(path, new Reply(200, "application/xml", body));
  }

  RecordingSink start(String key, Map<String, ?> settings) {
    return fixture.start(CloudDiscovery.of(key, settings).create(fixture.context()));
  }

  /** Returns settings with a short refresh interval. */
  static Map<String, Object> quick(Object... namesAndValues) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("refresh_interval", "200ms");
    for (int i = 0; i < namesAndValues.length; i += 2) {
      settings.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return settings;
  }

  /** Returns the labels of a target by their names without {@code __meta_<mechanism>_}. */
  static Map<String, String> meta(LabelSet target, String mechanism) {
    String prefix = "__meta_" + mechanism + "_";
    Map<String, String> labels = new TreeMap<>();
    target.forEach(
        label ->
            labels.put(
                label.name().startsWith(prefix)
                    ? label.name().substring(prefix.length())
                    : label.name(),
                label.value()));
    return labels;
  }

  /** Returns the target of an address. */
  static LabelSet target(RecordingSink sink, String address) {
    List<LabelSet> found =
        sink.targets().stream()
            .filter(target -> target.valueOf(TargetGroup.ADDRESS).equals(address))
            .toList();
    if (found.size() != 1) {
      throw new AssertionError(address + " is there " + found.size() + " times");
    }
    return found.get(0);
  }

  static String address(String host, int port) {
    return MetaLabels.hostPort(host, port);
  }
}
