package dev.psc.scraper.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.scraper.store.StoreConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineReaderTest {

  private static Options read(String... arguments) throws UsageException {
    return CommandLineReader.read(arguments, Map.of());
  }

  @Test
  void readsTheGuidesCommandLineWordForWord() throws Exception {
    Options options =
        read(
            "/parca",
            "--config-path=/var/polarsignals-scraper/polarsignals-scraper.yaml",
            "--store-address=grpc.polarsignals.com:443",
            "--bearer-token-file=/var/polarsignals-secret/token",
            "--grpc-headers=projectID=0191f1a2-0000-7000-8000-000000000000",
            "--mode=scraper-only");
    assertThat(options.scrape.mode).isEqualTo("scraper-only");
    assertThat(options.store.storeAddress).isEqualTo("grpc.polarsignals.com:443");
    assertThat(options.store.bearerTokenFile).isEqualTo(Path.of("/var/polarsignals-secret/token"));
    assertThat(options.store.grpcHeaders)
        .containsExactly("projectID=0191f1a2-0000-7000-8000-000000000000");
  }

  @Test
  void takesFlagAndValueWithASpaceToo() throws Exception {
    assertThat(read("--store-address", "h:1").store.storeAddress).isEqualTo("h:1");
    assertThat(read("--insecure").store.insecure).isTrue();
    assertThat(read("--insecure=true").store.insecure).isTrue();
    assertThat(read("--insecure=false").store.insecure).isFalse();
  }

  @Test
  void lastOfARepeatedFlagWinsAndTheOthersStay() throws Exception {
    Options options =
        read(
            "--store-address=h:1",
            "--grpc-headers=a=1",
            "--store-address=h:2",
            "--grpc-headers=b=2");
    assertThat(options.store.storeAddress).isEqualTo("h:2");
    assertThat(options.store.grpcHeaders).containsExactly("a=1", "b=2");
  }

  @Test
  void defaultsAreTheDocumentedOnes() throws Exception {
    Options options = read();
    assertThat(options.scrape.configPath).isEqualTo(Path.of("parca.yaml"));
    assertThat(options.scrape.mode).isEqualTo("all");
    assertThat(options.serve.httpAddress).isEqualTo("127.0.0.1:7070");
    assertThat(options.serve.logLevel).isEqualTo("info");
    assertThat(options.serve.logFormat).isEqualTo("logfmt");
    assertThat(options.buffer.queueMaxBytes.bytes()).isEqualTo(64L << 20);
    assertThat(options.buffer.shutdownTimeout).isEqualTo(Duration.ofSeconds(4));
  }

  @ParameterizedTest
  @CsvSource({
    "--store-adress=x,--store-address",
    "--bearer-tokenfile=x,--bearer-token-file",
    "--externallabel=a=b,--external-label",
    "--config-pth=x,--config-path"
  })
  void namesTheNearestFlag(String given, String meant) {
    assertThatThrownBy(() -> read(given))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(given.substring(0, given.indexOf('=')))
        .hasMessageContaining("did you mean " + meant);
  }

  @Test
  void doesNotRepeatTheValueOfAnUnknownFlag() {
    assertThatThrownBy(() -> read("--bearer-tokn=psc_v1_secret"))
        .hasMessageNotContaining("psc_v1_secret");
  }

  @Test
  void readsEveryVisibleFlagFromItsVariable() throws Exception {
    Options options =
        CommandLineReader.read(
            new String[] {"--log-level=warn"},
            Map.of(
                "PSC_STORE_ADDRESS", "h:1",
                "PSC_LOG_LEVEL", "debug",
                "PARCA_BEARER_TOKEN", "t",
                "PSC_INSECURE", "true",
                "PSC_EXTERNAL_LABEL", "a=b;c=d"));
    assertThat(options.store.storeAddress).isEqualTo("h:1");
    assertThat(options.serve.logLevel).as("a flag wins over its variable").isEqualTo("warn");
    assertThat(options.store.bearerToken).isEqualTo("t");
    assertThat(options.store.insecure).isTrue();
    assertThat(options.scrape.externalLabels).containsExactly("a=b;c=d");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--storage-active-memory=1",
        "--debuginfod-upstream-servers=https://x",
        "--symbolizer-demangle-mode=full",
        "--cors-allowed-origins=*",
        "--otlp-insecure",
        "--experimental-arrow"
      })
  void takesFlagsOfTodaysScraperThatDoNothingHere(String flag) throws Exception {
    Options.Ignored ignored = read(flag).ignored;
    assertThat(ignored.withValue.size() + ignored.switches.size()).isEqualTo(1);
  }

  @Test
  void joinsPairsOfRepeatedAndJoinedFlags() {
    List<String> problems = new ArrayList<>();
    assertThat(KeyValues.read("--external-label", List.of("a=1;b=x=y", "c=3"), false, problems))
        .containsExactly(Map.entry("a", "1"), Map.entry("b", "x=y"), Map.entry("c", "3"));
    assertThat(problems).isEmpty();
  }

  @Test
  void refusesHeaderKeysThatDifferOnlyInCase() {
    List<String> problems = new ArrayList<>();
    KeyValues.read("--grpc-headers", List.of("projectID=a;projectid=b"), true, problems);
    assertThat(problems).singleElement().asString().contains("projectID", "projectid", "twice");
  }

  @Test
  void refusesPairsWithoutAKeyWithoutShowingThem() {
    List<String> problems = new ArrayList<>();
    KeyValues.read("--grpc-headers", List.of("=secretvalue", "nokey"), true, problems);
    assertThat(problems).hasSize(2).noneMatch(p -> p.contains("secretvalue"));
  }

  @ParameterizedTest
  @CsvSource({"0/3,0,3", "2/3,2,3", "scraper-1/4,1,4", "my-scraper-11/12,11,12"})
  void readsShards(String text, int index, int count) throws Exception {
    assertThat(Shard.parse(text)).isEqualTo(new Shard(index, count));
  }

  @ParameterizedTest
  @ValueSource(strings = {"3/3", "1", "a/b", "0/0", "-1/3/4", ""})
  void refusesImpossibleShards(String text) {
    assertThatThrownBy(() -> Shard.parse(text)).isInstanceOf(UsageException.class);
  }

  @ParameterizedTest
  @CsvSource({"1048576,1048576", "64MiB,67108864", "2GB,2000000000", "1gib,1073741824", "5k,5000"})
  void readsSizes(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "x", "-1", "1.5MiB", "99999999999999TiB"})
  void refusesWhatIsNoSize(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bindsEveryInterfaceOnlyWhenAskedLikeGo() throws Exception {
    assertThat(HttpAddress.parse("--http-address", ":7070").getAddress().isAnyLocalAddress())
        .isTrue();
    assertThat(HttpAddress.parse("--http-address", "[::1]:0").getAddress().isLoopbackAddress())
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"7070", "h:x", "h:70000", "::1:7070"})
  void refusesWhatIsNoListenAddress(String text) {
    assertThatThrownBy(() -> HttpAddress.parse("--http-address", text))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--http-address");
  }

  @Test
  void environmentSwitchesAreWrittenInSeveralWays() throws Exception {
    for (String yes : new String[] {"true", "1", "yes", "YES"}) {
      assertThat(
              CommandLineReader.read(new String[] {}, Map.of("PSC_INSECURE", yes)).store.insecure)
          .as(yes)
          .isTrue();
    }
    for (String no : new String[] {"false", "0", "no", "No"}) {
      assertThat(CommandLineReader.read(new String[] {}, Map.of("PSC_INSECURE", no)).store.insecure)
          .as(no)
          .isFalse();
    }
    assertThatThrownBy(
            () -> CommandLineReader.read(new String[] {}, Map.of("PSC_INSECURE", "maybe")))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--insecure");
  }

  @Test
  void readsTheProjectFromFlagAndEnvironment() throws Exception {
    String project = "11111111-2222-4333-8444-555555555555";
    Options options = CommandLineReader.read(new String[] {}, Map.of("PSC_PROJECT_ID", project));
    assertThat(StoreConnection.headers(options).projectId())
        .hasToString("Optional[" + project + "]");
    Options both =
        CommandLineReader.read(
            new String[] {"--project-id=" + project, "--grpc-headers=projectid=" + project},
            Map.of());
    assertThat(StoreConnection.headers(both).projectId()).isPresent();
    Options different =
        CommandLineReader.read(
            new String[] {
              "--project-id=" + project,
              "--grpc-headers=projectID=22222222-2222-4333-8444-555555555555"
            },
            Map.of());
    assertThatThrownBy(() -> StoreConnection.headers(different))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--project-id and --grpc-headers");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--queue-max-bytes=x | --queue-max-bytes: \"x\" is not a size",
        "--shutdown-timeout=x | --shutdown-timeout: not a valid duration: \"x\"",
        "--max-concurrent-scrapes=x | --max-concurrent-scrapes must be a whole number",
        "--insecure=maybe | --insecure must be true or false, but was \"maybe\""
      })
  void namesTheFlagOfAMalformedValue(String argument, String message) {
    assertThatThrownBy(() -> read(argument)).hasMessageStartingWith(message);
  }

  @Test
  void hidesAMalformedValueThatMayBeAToken() {
    String token = "psc_v1_" + "0".repeat(64);
    for (String flag : List.of("--queue-max-bytes", "--insecure", "--max-concurrent-scrapes")) {
      assertThatThrownBy(() -> read(flag + "=" + token))
          .hasMessageStartingWith(flag)
          .hasMessageNotContaining(token);
    }
  }

  @Test
  void namesTheVariableThatAProblemCameFrom() {
    Map<String, String> environment =
        Map.of("PSC_QUEUE_MAX_BYTES", "x", "PARCA_BEARER_TOKEN", "t", "PSC_CA_FILE", "f");
    String[] none = {};
    assertThat(FlagWords.asGiven("--queue-max-bytes: wrong", none, environment))
        .isEqualTo("PSC_QUEUE_MAX_BYTES (--queue-max-bytes): wrong");
    assertThat(FlagWords.asGiven("--bearer-token: wrong", none, environment))
        .isEqualTo("PARCA_BEARER_TOKEN (--bearer-token): wrong");
    assertThat(FlagWords.asGiven("--ca-file: wrong", new String[] {"--ca-file=g"}, environment))
        .as("the flag wins over its variable")
        .isEqualTo("--ca-file: wrong");
    assertThat(FlagWords.asGiven("config.yaml:1:1: wrong", none, environment))
        .isEqualTo("config.yaml:1:1: wrong");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--ca-file=none.pem | --ca-file: trusted certificates none.pem cannot be used: file not",
        "--client-cert-file=a --client-key-file=b | --client-cert-file: client certificate a with",
        "--ca-file=a --insecure | --ca-file has no effect with --insecure",
        "--insecure-skip-verify --ca-file=a | --insecure-skip-verify and --ca-file are mutually",
        "--project-id=x | --project-id: the project id must be a UUID",
        "--grpc-headers=projectID=x | --grpc-headers: the project id must be a UUID",
        "--store-address=h:x | --store-address: the store address has a port that is not",
        "--queue-max-bytes=1 | --queue-max-bytes must be at least 65536, but was 1",
        "--store-address=10.0.0.1:1 --insecure --bearer-token=TOKEN | --store-address: the token would"
      })
  void namesTheFlagThatTheConnectionToTheStoreRejects(String flags, String message)
      throws Exception {
    List<String> arguments = new ArrayList<>(List.of("--store-address=127.0.0.1:1"));
    arguments.addAll(List.of(flags.replace("TOKEN", "psc_v1_" + "0".repeat(64)).split(" ", -1)));
    Options options = read(arguments.toArray(String[]::new));
    assertThatThrownBy(() -> StoreConnection.open(options))
        .isInstanceOf(UsageException.class)
        .hasMessageStartingWith(message)
        .hasMessageNotContainingAny("allowPlaintextToken", "insecureSkipVerify", "caFile");
  }
}
