package dev.psc.scrape.cloud.internal.gce;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Compute Engine API and the metadata server, as documented. */
class GceDiscoveryTest {

  private static final String LIST = "/compute/v1/projects/p/zones/z/instances?maxResults=500";
  private static final String TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token";

  @TempDir Path home;

  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private DiscoveryFixture fixture;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    fixture = new DiscoveryFixture();
    server =
        TestServer.start(
            call -> {
              String body = answers.get(call.path());
              call.answer(body == null ? 403 : 200, "application/json", body == null ? "no" : body);
            });
    variables.put("GCE_METADATA_HOST", server.address());
    answers.put(TOKEN, "{\"access_token\": \"ya29.t\", \"expires_in\": 3599}");
  }

  @AfterEach
  void shut() throws IOException {
    fixture.close();
    server.close();
  }

  private RecordingSink start(String filter) {
    GceSettings settings = new GceSettings("p", "z", filter, 6060, ",", Duration.ofMillis(200));
    return fixture.start(
        settings.create(
            fixture.context(),
            URI.create(server.url("")),
            new GoogleEnvironment(Map.copyOf(variables), home)));
  }

  private static String instance(String ip) {
    return "{\"id\": \"7\", \"name\": \"i\", \"networkInterfaces\": [{\"networkIP\": \""
        + ip
        + "\"}]}";
  }

  @Test
  void makesTheLabelsOfPrometheus() {
    answers.put(
        LIST,
        """
        {"items": [
          {"id": "12345678901234567890", "name": "web-1", "zone": "zones/z", "status": "RUNNING",
           "machineType": "types/e2", "tags": {"items": ["a", "b"]},
           "metadata": {"items": [{"key": "env-name", "value": "x"}, {"key": "none"}]},
           "labels": {"team-name": "t"},
           "networkInterfaces": [
             {"name": "nic0", "network": "n/a", "subnetwork": "s/a", "networkIP": "10.0.0.1",
              "accessConfigs": [{"type": "ONE_TO_ONE_NAT", "natIP": "34.0.0.1"}]},
             {"name": "nic1", "networkIP": "10.1.0.1"}]},
          {"id": "2", "name": "no-network"}]}
        """);
    RecordingSink sink = start("");
    sink.awaitAddresses("10.0.0.1:6060");
    Map<String, String> labels = new LinkedHashMap<>();
    sink.targets()
        .get(0)
        .forEach(label -> labels.put(label.name().replace("__meta_gce_", ""), label.value()));
    assertThat(labels)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.1:6060"),
                Map.entry("instance_id", "12345678901234567890"),
                Map.entry("instance_name", "web-1"),
                Map.entry("instance_status", "RUNNING"),
                Map.entry("interface_ipv4_nic0", "10.0.0.1"),
                Map.entry("interface_ipv4_nic1", "10.1.0.1"),
                Map.entry("label_team_name", "t"),
                Map.entry("machine_type", "types/e2"),
                Map.entry("metadata_env_name", "x"),
                Map.entry("network", "n/a"),
                Map.entry("private_ip", "10.0.0.1"),
                Map.entry("project", "p"),
                Map.entry("public_ip", "34.0.0.1"),
                Map.entry("subnetwork", "s/a"),
                Map.entry("tags", ",a,b,"),
                Map.entry("zone", "zones/z")));
    assertThat(server.heads().get(0)).contains("Metadata-Flavor: Google");
    assertThat(server.heads().get(1)).containsIgnoringCase("Authorization: Bearer ya29.t\r\n");
  }

  @Test
  void readsAllPagesAndEndsWhereAServerDoesNot() {
    String filter = "&filter=labels.team%3Da";
    answers.put(
        LIST + filter, "{\"items\": [" + instance("10.0.0.1") + "], \"nextPageToken\": \"2\"}");
    answers.put(LIST + filter + "&pageToken=2", "{\"items\": [" + instance("10.0.0.2") + "]}");
    RecordingSink sink = start("labels.team=a");
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    answers.put(LIST + filter + "&pageToken=2", "{\"nextPageToken\": \"2\"}");
    sink.awaitFailure(failure -> failure.contains("the API returned the same page twice"));
    assertThat(sink.addresses()).hasSize(2);
  }

  @Test
  void asksForATokenOnceAndNamesTheRemedyWithoutOne() {
    answers.put(LIST, "{\"items\": [" + instance("10.0.0.1") + "]}");
    RecordingSink sink = start("");
    sink.awaitAddresses("10.0.0.1:6060");
    org.awaitility.Awaitility.await()
        .atMost(RecordingSink.PATIENCE)
        .until(() -> sink.replacements() >= 3);
    assertThat(server.heads().stream().filter(head -> head.contains(TOKEN))).hasSize(1);
    answers.remove(TOKEN);
    RecordingSink without = start("");
    without.awaitFailure(failure -> failure.contains("set GOOGLE_APPLICATION_CREDENTIALS"));
  }

  @Test
  void signsTokensWithTheKeyOfAServiceAccount() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    KeyPair pair = generator.generateKeyPair();
    JsonObject file = new JsonObject();
    file.addProperty("type", "service_account");
    file.addProperty("client_email", "scraper@p.iam");
    file.addProperty("private_key_id", "kid-1");
    file.addProperty(
        "private_key",
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(pair.getPrivate().getEncoded())
            + "\n-----END PRIVATE KEY-----\n");
    Path path = Files.writeString(home.resolve("key.json"), file.toString());
    variables.put("GOOGLE_APPLICATION_CREDENTIALS", path.toString());
    answers.put(LIST, "{\"items\": [" + instance("10.0.0.1") + "]}");
    start("").awaitAddresses("10.0.0.1:6060");

    String head = server.heads().get(0);
    String token = head.replaceAll("(?is).*authorization: Bearer (\\S+).*", "$1");
    String[] parts = token.split("\\.", -1);
    assertThat(parts).hasSize(3);
    JsonObject claims =
        JsonParser.parseString(
                new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8))
            .getAsJsonObject();
    assertThat(claims.get("iss").getAsString()).isEqualTo("scraper@p.iam");
    assertThat(claims.get("aud").getAsString()).isEqualTo("https://compute.googleapis.com/");
    assertThat(claims.get("exp").getAsLong() - claims.get("iat").getAsLong()).isEqualTo(3600);
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initVerify(pair.getPublic());
    signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
    assertThat(signature.verify(Base64.getUrlDecoder().decode(parts[2]))).isTrue();
  }

  @Test
  void refusesCredentialsOfAnotherKindWithoutShowingThem() throws IOException {
    Path gcloud = Files.createDirectories(home.resolve(".config/gcloud"));
    Files.writeString(
        gcloud.resolve("application_default_credentials.json"),
        "{\"type\": \"authorized_user\", \"refresh_token\": \"hush\"}");
    RecordingSink sink = start("");
    sink.awaitFailure(failure -> failure.contains("type \"authorized_user\""));
    assertThat(sink.failure()).doesNotContain("hush").contains("key of a service account");
    assertThat(List.copyOf(server.heads())).isEmpty();
  }
}
