package dev.psc.scrape.cloud.internal.aws;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.scrape.cloud.internal.Settings.Filter;
import dev.psc.scrape.http.HttpSettings;
import dev.psc.scrape.settings.Secret;
import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import dev.psc.scrape.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** EC2, STS and the metadata services of instances and containers, as documented. */
class Ec2DiscoveryTest {

  private static final String PAGE =
      """
      <DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
        <reservationSet>%s</reservationSet>%s
      </DescribeInstancesResponse>
      """;
  private static final String ZONES =
      """
      <DescribeAvailabilityZonesResponse>
        <availabilityZoneInfo>
          <item><zoneName>eu-west-1a</zoneName><zoneId>euw1-az2</zoneId></item>
        </availabilityZoneInfo>
      </DescribeAvailabilityZonesResponse>
      """;

  @TempDir Path home;

  private final Map<String, String> variables = new HashMap<>();
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private DiscoveryFixture fixture;
  private TestServer server;

  @BeforeEach
  void open() throws IOException {
    fixture = new DiscoveryFixture();
    server = TestServer.start(this::answer);
    variables.put("AWS_ENDPOINT_URL_STS", server.url(""));
    variables.put("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url(""));
    answers.put("DescribeAvailabilityZones", ZONES);
  }

  @AfterEach
  void shut() throws IOException {
    fixture.close();
    server.close();
  }

  /** Answers by the action of a query, with the token of the page if there is one, or the path. */
  private void answer(TestServer.Call call) throws IOException {
    Map<String, String> query = query(call.path());
    String key =
        query.containsKey("Action")
            ? query.get("Action") + query.getOrDefault("NextToken", "")
            : call.line().substring(0, call.line().lastIndexOf(' '));
    String body = answers.get(key);
    if (body == null) {
      call.answer(404, "text/plain", "nothing for " + key);
    } else if (body.contains("<Errors>")) {
      call.answer(403, "text/xml", body);
    } else {
      call.answer(200, "text/xml", body);
    }
  }

  private static Map<String, String> query(String path) {
    Map<String, String> query = new TreeMap<>();
    int mark = path.indexOf('?');
    if (mark >= 0) {
      for (String pair : path.substring(mark + 1).split("&", -1)) {
        String[] parts = pair.split("=", 2);
        query.put(
            URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
            URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
      }
    }
    return query;
  }

  private static String instance(String id, String ip) {
    return """
    <item><ownerId>4711</ownerId><instancesSet><item>
      <instanceId>%s</instanceId><imageId>ami-1</imageId><instanceType>t3.small</instanceType>
      <placement><availabilityZone>eu-west-1a</availabilityZone></placement>
      <instanceState><code>16</code><name>running</name></instanceState>
      <privateIpAddress>%s</privateIpAddress>
    </item></instancesSet></item>
    """
        .formatted(id, ip);
  }

  private void instances(String... ips) {
    StringBuilder all = new StringBuilder();
    for (String ip : ips) {
      all.append(instance("i-" + ip, ip));
    }
    answers.put("DescribeInstances", PAGE.formatted(all, ""));
  }

  private RecordingSink start(Ec2Settings settings) {
    return fixture.start(
        settings.create(fixture.context(), new AwsEnvironment(Map.copyOf(variables), home)));
  }

  private Ec2Settings settings(String accessKey, String secretKey, String profile, String role) {
    return new Ec2Settings(
        "eu-west-1",
        Optional.of(URI.create(server.url(""))),
        accessKey,
        secretKey.isEmpty() ? Optional.empty() : Optional.of(Secret.of(secretKey)),
        profile,
        role,
        role.isEmpty() ? "" : "external 7",
        6060,
        List.of(new Filter("tag:team", List.of("a", "b c"))),
        Duration.ofMillis(200),
        HttpSettings.DEFAULT);
  }

  private RecordingSink startWithKeys() {
    return start(settings("AKIA", "hush", "", ""));
  }

  private List<String> heads(String part) {
    return server.heads().stream().filter(head -> head.contains(part)).toList();
  }

  @Test
  void makesTheLabelsOfPrometheus() {
    answers.put(
        "DescribeInstances",
        PAGE.formatted(
            """
            <item><ownerId>4711</ownerId><instancesSet><item>
              <instanceId>i-1</instanceId><imageId>ami-1</imageId>
              <instanceState><name>running</name></instanceState>
              <privateDnsName>ip-10.internal</privateDnsName><dnsName>ec2.public</dnsName>
              <instanceType>t3.small</instanceType><instanceLifecycle>spot</instanceLifecycle>
              <placement><availabilityZone>eu-west-1a</availabilityZone></placement>
              <platform>windows</platform><architecture>arm64</architecture>
              <subnetId>subnet-a</subnetId><vpcId>vpc-1</vpcId>
              <privateIpAddress>10.0.0.1</privateIpAddress><ipAddress>52.0.0.1</ipAddress>
              <tagSet>
                <item><key>team-name</key><value>a</value></item>
                <item><key>empty</key><value/></item>
              </tagSet>
              <networkInterfaceSet>
                <item><ipv6AddressesSet><item><ipv6Address>fd::9</ipv6Address>
                  <isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
                <item><subnetId>subnet-a</subnetId><attachment><deviceIndex>1</deviceIndex>
                  </attachment><ipv6AddressesSet>
                  <item><ipv6Address>fd::1</ipv6Address></item>
                  <item><ipv6Address>fd::2</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item>
                  </ipv6AddressesSet></item>
                <item><subnetId>subnet-b</subnetId></item>
                <item><subnetId>subnet-a</subnetId></item>
              </networkInterfaceSet>
            </item></instancesSet></item>
            """,
            ""));
    RecordingSink sink = startWithKeys();
    sink.awaitAddresses("10.0.0.1:6060");
    Map<String, String> labels = new LinkedHashMap<>();
    sink.targets()
        .get(0)
        .forEach(label -> labels.put(label.name().replace("__meta_ec2_", ""), label.value()));
    assertThat(labels)
        .containsExactlyInAnyOrderEntriesOf(
            Map.ofEntries(
                Map.entry("__address__", "10.0.0.1:6060"),
                Map.entry("ami", "ami-1"),
                Map.entry("architecture", "arm64"),
                Map.entry("availability_zone", "eu-west-1a"),
                Map.entry("availability_zone_id", "euw1-az2"),
                Map.entry("default_ipv6_address", "fd::2"),
                Map.entry("instance_id", "i-1"),
                Map.entry("instance_lifecycle", "spot"),
                Map.entry("instance_state", "running"),
                Map.entry("instance_type", "t3.small"),
                Map.entry("ipv6_addresses", ",fd::1,fd::2,"),
                Map.entry("owner_id", "4711"),
                Map.entry("platform", "windows"),
                Map.entry("primary_ipv6_addresses", ",,fd::2,"),
                Map.entry("primary_subnet_id", "subnet-a"),
                Map.entry("private_dns_name", "ip-10.internal"),
                Map.entry("private_ip", "10.0.0.1"),
                Map.entry("public_dns_name", "ec2.public"),
                Map.entry("public_ip", "52.0.0.1"),
                Map.entry("region", "eu-west-1"),
                Map.entry("subnet_id", ",subnet-a,subnet-b,"),
                Map.entry("tag_team_name", "a"),
                Map.entry("vpc_id", "vpc-1")));
    assertThat(sink.sources()).containsExactly("eu-west-1");
  }

  @Test
  void signsRequestsAndSendsFilters() {
    instances("10.0.0.1");
    RecordingSink sink = startWithKeys();
    sink.awaitAddresses("10.0.0.1:6060");
    String head = heads("Action=DescribeInstances").get(0);
    assertThat(head)
        .containsIgnoringCase("Authorization: AWS4-HMAC-SHA256 Credential=AKIA/")
        .containsIgnoringCase("/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date,");
    assertThat(query(head.split(" ", -1)[1]))
        .containsEntry("Filter.1.Name", "tag:team")
        .containsEntry("Filter.1.Value.1", "a")
        .containsEntry("Filter.1.Value.2", "b c")
        .containsEntry("Version", "2016-11-15");
    assertThat(head).doesNotContain("hush");
  }

  @Test
  void readsAllPagesAndEndsWhereAServerDoesNot() {
    answers.put(
        "DescribeInstances",
        PAGE.formatted(instance("i-1", "10.0.0.1"), "<nextToken>two</nextToken>"));
    answers.put("DescribeInstancestwo", PAGE.formatted(instance("i-2", "10.0.0.2"), ""));
    RecordingSink sink = startWithKeys();
    sink.awaitAddresses("10.0.0.1:6060", "10.0.0.2:6060");
    answers.put(
        "DescribeInstancestwo",
        PAGE.formatted(instance("i-2", "10.0.0.2"), "<nextToken>two</nextToken>"));
    sink.awaitFailure(failure -> failure.contains("the API returned the same page twice"));
    assertThat(sink.addresses()).hasSize(2);
  }

  @Test
  void skipsInstancesWithoutAddressAndUsesIpv6WithoutAnother() {
    answers.put(
        "DescribeInstances",
        PAGE.formatted(
            """
            <item><instancesSet><item><instanceId>i-0</instanceId></item>
              <item><instanceId>i-6</instanceId><vpcId>v</vpcId><networkInterfaceSet><item>
                <subnetId>s</subnetId><ipv6AddressesSet><item><ipv6Address>fd::7</ipv6Address>
                </item></ipv6AddressesSet></item></networkInterfaceSet></item>
            </instancesSet></item>
            """,
            ""));
    startWithKeys().awaitAddresses("[fd::7]:6060");
  }

  @Test
  void keepsTargetsThroughAFailureAndSaysWhy() {
    instances("10.0.0.1");
    RecordingSink sink = startWithKeys();
    sink.awaitAddresses("10.0.0.1:6060");
    answers.put(
        "DescribeInstances",
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not"
            + " authorized</Message></Error></Errors></Response>");
    sink.awaitFailure(
        failure ->
            failure.equals(
                "ec2_sd: ec2 in eu-west-1 returned 403: UnauthorizedOperation: You are not"
                    + " authorized"));
    assertThat(sink.addresses()).containsExactly("10.0.0.1:6060");
  }

  @Test
  void worksWithoutThePermissionForZones() {
    answers.remove("DescribeAvailabilityZones");
    instances("10.0.0.1");
    RecordingSink sink = startWithKeys();
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(sink.targets().get(0).contains("__meta_ec2_availability_zone_id")).isFalse();
  }

  private static String temporary(String key, Instant end) {
    return "{\"Code\": \"Success\", \"AccessKeyId\": \"%s\", \"SecretAccessKey\": \"s\", \"Token\":"
            .formatted(key)
        + " \"session\", \"Expiration\": \"%s\"}".formatted(end);
  }

  @Test
  void usesTheRoleOfTheInstanceByVersionTwoOfTheMetadataService() {
    instances("10.0.0.1");
    answers.put("PUT /latest/api/token", "imds-token");
    answers.put("GET /latest/meta-data/iam/security-credentials/", "scraper-role\n");
    answers.put(
        "GET /latest/meta-data/iam/security-credentials/scraper-role",
        temporary("ASIAIMDS", Instant.now().plusSeconds(3600)));
    RecordingSink sink = start(settings("", "", "", ""));
    sink.awaitAddresses("10.0.0.1:6060");
    assertThat(heads("security-credentials/scraper-role"))
        .hasSize(1)
        .allMatch(head -> head.contains("X-aws-ec2-metadata-token: imds-token"));
    assertThat(heads("Action=DescribeInstances").get(0))
        .contains("Credential=ASIAIMDS/")
        .containsIgnoringCase("X-Amz-Security-Token: session")
        .contains("SignedHeaders=host;x-amz-date;x-amz-security-token");
  }

  @Test
  void findsTheRegionOfTheInstance() {
    instances("10.0.0.1");
    answers.put("PUT /latest/api/token", "t");
    answers.put("GET /latest/meta-data/placement/region", "ap-south-1");
    Ec2Settings known = settings("AKIA", "hush", "", "");
    Ec2Settings unknown =
        new Ec2Settings(
            "",
            known.endpoint(),
            known.accessKey(),
            known.secretKey(),
            "",
            "",
            "",
            1,
            List.of(),
            known.refreshInterval(),
            known.http());
    RecordingSink sink = start(unknown);
    sink.awaitAddresses("10.0.0.1:1");
    assertThat(sink.targets().get(0).valueOf("__meta_ec2_region")).isEqualTo("ap-south-1");
  }

  @Test
  void renewsTemporaryCredentialsBeforeTheyEnd() {
    instances("10.0.0.1");
    answers.put("PUT /latest/api/token", "t");
    answers.put("GET /latest/meta-data/iam/security-credentials/", "r");
    answers.put(
        "GET /latest/meta-data/iam/security-credentials/r",
        temporary("OLD", Instant.now().plusSeconds(60)));
    RecordingSink sink = start(settings("", "", "", ""));
    sink.awaitAddresses("10.0.0.1:6060");
    answers.put(
        "GET /latest/meta-data/iam/security-credentials/r",
        temporary("NEW", Instant.now().plusSeconds(3600)));
    org.awaitility.Awaitility.await()
        .atMost(RecordingSink.PATIENCE)
        .until(() -> !heads("Credential=NEW/").isEmpty());
  }

  @Test
  void takesTheCredentialsOfTheEnvironmentBeforeTheInstance() {
    instances("10.0.0.1");
    variables.put("AWS_ACCESS_KEY_ID", "ENVKEY");
    variables.put("AWS_SECRET_ACCESS_KEY", "s");
    variables.put("AWS_SESSION_TOKEN", "env-session");
    start(settings("", "", "", "")).awaitAddresses("10.0.0.1:6060");
    assertThat(heads("Action=DescribeInstances").get(0))
        .contains("Credential=ENVKEY/")
        .contains("env-session");
  }

  @Test
  void readsProfilesAndTheRolesInThem() throws IOException {
    instances("10.0.0.1");
    Files.createDirectories(home.resolve(".aws"));
    Files.writeString(
        home.resolve(".aws/credentials"),
        "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
    Files.writeString(
        home.resolve(".aws/config"),
        """
        # mine
        [profile scraper]
        role_arn = arn:aws:iam::1:role/r
        source_profile = base
        s3 =
          addressing_style = path
        """);
    assumeRole("AssumeRole", "FROMROLE");
    start(settings("", "", "scraper", "")).awaitAddresses("10.0.0.1:6060");
    assertThat(heads("Action=AssumeRole").get(0)).contains("Credential=BASE/");
    assertThat(heads("Action=DescribeInstances").get(0)).contains("Credential=FROMROLE/");
    start(settings("", "", "none", ""))
        .awaitFailure(failure -> failure.contains("unknown profile none"));
  }

  private void assumeRole(String action, String key) {
    answers.put(
        action,
        """
        <%1$sResponse><%1$sResult><Credentials><AccessKeyId>%2$s</AccessKeyId>
          <SecretAccessKey>s</SecretAccessKey><SessionToken>session</SessionToken>
          <Expiration>%3$s</Expiration></Credentials></%1$sResult></%1$sResponse>
        """
            .formatted(action, key, Instant.now().plusSeconds(900)));
  }

  @Test
  void assumesTheRoleOfTheSettings() {
    instances("10.0.0.1");
    assumeRole("AssumeRole", "ASSUMED");
    start(settings("AKIA", "hush", "", "arn:aws:iam::1:role/r")).awaitAddresses("10.0.0.1:6060");
    assertThat(heads("Action=DescribeInstances").get(0)).contains("Credential=ASSUMED/");
    String head = heads("Action=AssumeRole").get(0);
    assertThat(head).contains("/eu-west-1/sts/aws4_request");
    assertThat(query(head.split(" ", -1)[1]))
        .containsEntry("RoleArn", "arn:aws:iam::1:role/r")
        .containsEntry("ExternalId", "external 7");
  }

  @Test
  void exchangesTheTokenOfAPodForARole() throws IOException {
    instances("10.0.0.1");
    Path token = Files.writeString(home.resolve("token"), "jwt\n");
    variables.put("AWS_WEB_IDENTITY_TOKEN_FILE", token.toString());
    variables.put("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod");
    assumeRole("AssumeRoleWithWebIdentity", "POD");
    start(settings("", "", "", "")).awaitAddresses("10.0.0.1:6060");
    assertThat(heads("AssumeRoleWithWebIdentity").get(0))
        .contains("WebIdentityToken=jwt")
        .doesNotContain("Signature=");
    assertThat(heads("Action=DescribeInstances").get(0)).contains("Credential=POD/");
  }

  @Test
  void usesTheAgentOfAContainer() throws IOException {
    instances("10.0.0.1");
    Path token = Files.writeString(home.resolve("token"), "pod-token");
    variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/v1/credentials"));
    variables.put("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.toString());
    answers.put("GET /v1/credentials", temporary("CONTAINER", Instant.now().plusSeconds(3600)));
    start(settings("", "", "", "")).awaitAddresses("10.0.0.1:6060");
    assertThat(heads("/v1/credentials").get(0)).contains("Authorization: pod-token\r\n");
    assertThat(heads("Action=DescribeInstances").get(0)).contains("Credential=CONTAINER/");
  }

  @Test
  void sendsTheTokenOfAContainerToNoOtherHost() {
    variables.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.7/v1/credentials");
    variables.put("AWS_CONTAINER_AUTHORIZATION_TOKEN", "hush");
    RecordingSink sink = start(settings("", "", "", ""));
    sink.awaitFailure(failure -> failure.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI must be"));
    assertThat(sink.failure()).doesNotContain("hush");
  }

  @Test
  void namesTheSettingsWithoutCredentials() {
    variables.put("AWS_EC2_METADATA_DISABLED", "true");
    start(settings("", "", "", ""))
        .awaitFailure(failure -> failure.contains("set access_key and secret_key, profile, or"));
  }
}
