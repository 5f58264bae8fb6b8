package dev.psc.scrape.cloud.internal.azure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Azure Resource Manager, Entra ID and the identity endpoints, as documented. */
class AzureDiscoveryTest {

  private static final String COMPUTE = "/subscriptions/sub/providers/Microsoft.Compute/";
  private static final String NIC = "/subscriptions/sub/resourceGroups/RG/providers/n/";

  @TempDir Path directory;

  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final Queue<String> forms = new ConcurrentLinkedQueue<>();
  private DiscoveryFixture fixture;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    fixture = new DiscoveryFixture();
    server =
        TestServer.start(
            call -> {
              if (call.line().startsWith("POST")) {
                forms.add(call.body());
              }
              String path = call.path().replaceAll("\\?.*", "");
              String body = answers.getOrDefault(call.path(), answers.get(path));
              call.answer(
                  body == null ? 404 : 200,
                  "application/json",
                  body == null ? "{\"error\": {\"code\": \"NotFound\"}}" : body);
            });
    answers.put(
        "/ten/oauth2/v2.0/token",
        "{\"token_type\": \"Bearer\", \"access_token\": \"entra\", \"expires_in\": 3599}");
    answers.put(COMPUTE + "virtualMachines", "{\"value\": []}");
    answers.put(COMPUTE + "virtualMachineScaleSets", "{\"value\": []}");
  }

  @AfterEach
  void shut() throws IOException {
    fixture.close();
    server.close();
  }

  private RecordingSink start(AzureAuthentication authentication, String group) {
    AzureCloud cloud =
        new AzureCloud(
            URI.create(server.url("")),
            URI.create(server.url("")),
            URI.create(server.url("")),
            "https://management.azure.com");
    AzureSettings settings =
        new AzureSettings(
            "AzurePublicCloud",
            cloud,
            "sub",
            authentication,
            authentication == AzureAuthentication.OAUTH
                ? new AzureSettings.Client("ten", "cli", Optional.of(Secret.of("hush")))
                : new AzureSettings.Client("", "", Optional.empty()),
            group,
            6060,
            Duration.ofMillis(200),
            HttpSettings.DEFAULT);
    return fixture.start(settings.create(fixture.context(), Map.copyOf(variables)));
  }

  private static String machine(String name) {
    return """
    {"id": "/subscriptions/sub/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/%1$s",
     "name": "%1$s", "instanceId": "3", "location": "westeurope", "tags": {"team-name": "t"},
     "properties": {
       "hardwareProfile": {"vmSize": "Standard_B1s"},
       "storageProfile": {"osDisk": {"osType": "Linux"}},
       "osProfile": {"computerName": "host-%1$s"},
       "networkProfile": {"networkInterfaces": [{"id": "%2$s%1$s"}]}}}
    """
        .formatted(name, NIC);
  }

  private static String nic(String primary, String ip) {
    return """
    {"properties": {%s "ipConfigurations": [{"properties": {"privateIPAddress": "%s",
      "publicIPAddress": {"properties": {"ipAddress": "20.0.0.1"}}}}]}}
    """
        .formatted(primary, ip);
  }

  private void machines(String... names) {
    StringBuilder all = new StringBuilder();
    int number = 0;
    for (String name : names) {
      all.append(all.isEmpty() ? "" : ",").append(machine(name));
      answers.put(NIC + name, nic("\"primary\": true,", "10.0.0." + ++number));
    }
    answers.put(COMPUTE + "virtualMachines", "{\"value\": [" + all + "]}");
  }

  private static Map<String, String> labels(RecordingSink sink) {
    Map<String, String> labels = new LinkedHashMap<>();
    sink.targets()
        .get(0)
        .forEach(label -> labels.put(label.name().replace("__meta_azure_", ""), label.value()));
    return labels;
  }

  @Test
  void makesTheLabelsOfPrometheus() {
    machines("vm");
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(labels(sink))
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.1:6060"),
                Map.entry("machine_computer_name", "host-vm"),
                Map.entry(
                    "machine_id",
                    "/subscriptions/sub/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/vm"),
                Map.entry("machine_location", "westeurope"),
                Map.entry("machine_name", "vm"),
                Map.entry("machine_os_type", "Linux"),
                Map.entry("machine_private_ip", "10.0.0.1"),
                Map.entry("machine_public_ip", "20.0.0.1"),
                Map.entry("machine_resource_group", "RG"),
                Map.entry("machine_size", "Standard_B1s"),
                Map.entry("machine_tag_team_name", "t"),
                Map.entry("subscription_id", "sub"),
                Map.entry("tenant_id", "ten")));
    assertThat(server.heads())
        .filteredOn(head -> head.startsWith("GET"))
        .isNotEmpty()
        .allMatch(head -> head.contains("Authorization: Bearer entra"))
        .noneMatch(head -> head.contains("hush"));
    assertThat(forms.element())
        .contains("scope=https%3A%2F%2Fmanagement.azure.com%2F.default")
        .contains("grant_type=client_credentials");
  }

  @Test
  void findsTheMachinesOfScaleSets() {
    answers.put(
        COMPUTE + "virtualMachineScaleSets",
        "{\"value\": [{\"name\": \"set\", \"id\":"
            + " \"/subscriptions/sub/resourceGroups/RG/providers/x/set\"}]}");
    String group = "/subscriptions/sub/resourceGroups/RG/providers/";
    answers.put(
        group + "Microsoft.Compute/virtualMachineScaleSets/set/virtualMachines",
        "{\"value\": [" + machine("set_3") + "]}");
    answers.put(
        group
            + "microsoft.Compute/virtualMachineScaleSets/set/virtualMachines/3/networkInterfaces/set_3"
            + "?api-version=2018-10-01&%24expand=IPConfigurations%2FPublicIPAddress",
        nic("\"primary\": true,", "10.0.0.7"));
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    sink.awaitAddresses("10.0.0.7:6060");
    assertThat(labels(sink)).containsEntry("machine_scale_set", "set");
  }

  @Test
  void asksForOneResourceGroupOnly() {
    String group = "/subscriptions/sub/resourceGroups/RG/providers/Microsoft.Compute/";
    answers.put(group + "virtualMachines", "{\"value\": [" + machine("vm") + "]}");
    answers.put(group + "virtualMachineScaleSets", "{\"value\": []}");
    answers.put(NIC + "vm", nic("\"primary\": true,", "10.0.0.1"));
    start(AzureAuthentication.OAUTH, "RG").awaitAddresses("10.0.0.1:6060");
    assertThat(server.heads()).noneMatch(head -> head.contains(COMPUTE));
  }

  @Test
  void skipsMachinesThatAreNotAllocatedOrHaveJustGone() {
    machines("a", "b", "c");
    answers.put(NIC + "a", nic("", "10.0.0.1"));
    answers.remove(NIC + "b");
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    sink.awaitAddresses("10.0.0.3:6060");
    assertThat(sink.failures()).isEmpty();
  }

  @Test
  void asksForAnInterfaceOnce() {
    machines("vm");
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    Awaitility.await().atMost(RecordingSink.PATIENCE).until(() -> sink.replacements() >= 3);
    assertThat(server.heads().stream().filter(head -> head.contains(NIC))).hasSize(1);
  }

  @Test
  void readsAllPagesButNoneOfAnotherServer() {
    machines("a", "b");
    String path = COMPUTE + "virtualMachines";
    answers.put(
        path,
        "{\"value\": [%s], \"nextLink\": \"%s\"}"
            .formatted(machine("a"), server.url(path + "?$skiptoken=2")));
    answers.put(path + "?$skiptoken=2", "{\"value\": [" + machine("b") + "]}");
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    answers.put(path + "?$skiptoken=2", "{\"nextLink\": \"http://192.0.2.1/token-thief\"}");
    sink.awaitFailure(failure -> failure.contains("the next page of a list is not at"));
    answers.put(
        path + "?$skiptoken=2", "{\"nextLink\": \"" + server.url(path + "?$skiptoken=2") + "\"}");
    sink.awaitFailure(failure -> failure.contains("the API returned the same page twice"));
    assertThat(sink.addresses()).hasSize(2);
  }

  @Test
  void usesTheManagedIdentityOfTheMachineOrOfTheAppService() {
    machines("vm");
    String token = "{\"access_token\": \"%s\", \"expires_on\": \"%d\"}";
    long end = Instant.now().plusSeconds(3600).getEpochSecond();
    answers.put("/metadata/identity/oauth2/token", token.formatted("of-machine", end));
    start(AzureAuthentication.MANAGED_IDENTITY, "").awaitAddresses("10.0.0.1:6060");
    assertThat(server.heads().get(0))
        .contains("resource=https%3A%2F%2Fmanagement.azure.com%2F")
        .contains("Metadata: true");
    assertThat(server.heads().get(1)).contains("Authorization: Bearer of-machine");

    variables.put("IDENTITY_ENDPOINT", server.url("/msi/token"));
    variables.put("IDENTITY_HEADER", "secret-header");
    answers.put("/msi/token", token.formatted("of-app", end));
    start(AzureAuthentication.SDK, "").awaitAddresses("10.0.0.1:6060");
    assertThat(server.heads())
        .anyMatch(
            head ->
                head.contains("/msi/token") && head.contains("X-IDENTITY-HEADER: secret-header"))
        .anyMatch(head -> head.contains("Authorization: Bearer of-app"));
  }

  @Test
  void exchangesTheTokenOfAPod() throws IOException {
    machines("vm");
    Path token = Files.writeString(directory.resolve("token"), "pod-jwt\n");
    variables.put("AZURE_FEDERATED_TOKEN_FILE", token.toString());
    variables.put("AZURE_TENANT_ID", "ten");
    variables.put("AZURE_CLIENT_ID", "cli");
    start(AzureAuthentication.WORKLOAD_IDENTITY, "").awaitAddresses("10.0.0.1:6060");
    assertThat(forms)
        .anyMatch(
            form ->
                form.contains("client_assertion=pod-jwt")
                    && form.contains("client_assertion_type=urn%3Aietf"));
  }

  @Test
  void namesTheVariablesThatWorkloadIdentityNeeds() {
    start(AzureAuthentication.WORKLOAD_IDENTITY, "")
        .awaitFailure(failure -> failure.contains("requires AZURE_FEDERATED_TOKEN_FILE"));
  }

  @Test
  void keepsTargetsThroughAFailureAndSaysWhy() {
    machines("vm");
    RecordingSink sink = start(AzureAuthentication.OAUTH, "");
    sink.awaitAddresses("10.0.0.1:6060");
    answers.remove(COMPUTE + "virtualMachineScaleSets");
    sink.awaitFailure(
        failure ->
            failure.contains("virtualMachineScaleSets returned 404")
                && failure.contains("NotFound"));
    assertThat(sink.addresses()).hasSize(1);
    assertThat(sink.failure()).doesNotContain("hush");
  }
}
