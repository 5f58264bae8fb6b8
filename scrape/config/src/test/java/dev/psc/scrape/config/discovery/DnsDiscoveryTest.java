package dev.psc.scrape.config.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.scrape.testing.DiscoveryFixture;
import dev.psc.scrape.testing.RecordingSink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DnsDiscoveryTest {

  private static final Duration OFTEN = Duration.ofMillis(50);

  private DnsServer dns;
  private DiscoveryFixture fixture;
  private Path resolvConf;

  @TempDir Path directory;

  @BeforeEach
  void start() throws IOException {
    dns = new DnsServer();
    fixture = new DiscoveryFixture();
    resolvConf = directory.resolve("resolv.conf");
    Files.writeString(
        resolvConf,
        "nameserver " + dns.address() + "\nsearch shop.svc.test svc.test\noptions ndots:5\n");
  }

  @AfterEach
  void stop() throws IOException {
    fixture.close();
    dns.close();
  }

  private RecordingSink discover(DnsRecordType type, int port, String... names) {
    DnsDiscovery settings = new DnsDiscovery(List.of(names), type, port, OFTEN);
    return fixture.start(new DnsWatch(settings, fixture.context(), new DnsLookup(resolvConf)));
  }

  @Test
  void srvRecordsGiveHostsAndPorts() {
    dns.put("SRV", "_pprof._tcp.web.test", "10 5 6060 a.web.test", "10 5 6061 b.web.test");
    RecordingSink sink = discover(DnsRecordType.SRV, 0, "_pprof._tcp.web.test.");
    sink.awaitAddresses("a.web.test:6060", "b.web.test:6061");
    var target = sink.targets().get(0);
    assertThat(target.valueOf("__meta_dns_name")).isEqualTo("_pprof._tcp.web.test.");
    assertThat(target.valueOf("__meta_dns_srv_record_target")).endsWith(".web.test.");
    assertThat(target.valueOf("__meta_dns_srv_record_port")).startsWith("606");
  }

  @Test
  void addressesHaveTheConfiguredPortAndBrackets() {
    dns.put("A", "web.test", "192.0.2.1", "192.0.2.2");
    dns.put("AAAA", "web.test", "2001:db8::1");
    discover(DnsRecordType.A, 80, "web.test.").awaitAddresses("192.0.2.1:80", "192.0.2.2:80");
    RecordingSink six = discover(DnsRecordType.AAAA, 80, "web.test.");
    await().atMost(RecordingSink.PATIENCE).until(() -> six.addresses().size() == 1);
    assertThat(six.addresses().get(0)).matches("\\[2001:[dD][bB]8:.*1]:80");
  }

  @Test
  void mailAndNameServersGiveTheirHosts() {
    dns.put("MX", "mail.test", "10 mx1.mail.test", "20 mx2.mail.test");
    dns.put("NS", "zone.test", "ns1.zone.test");
    RecordingSink mail = discover(DnsRecordType.MX, 25, "mail.test.");
    mail.awaitAddresses("mx1.mail.test:25", "mx2.mail.test:25");
    assertThat(mail.targets().get(0).valueOf("__meta_dns_mx_record_target"))
        .isIn("mx1.mail.test.", "mx2.mail.test.");
    RecordingSink names = discover(DnsRecordType.NS, 53, "zone.test.");
    names.awaitAddresses("ns1.zone.test:53");
    assertThat(names.targets().get(0).valueOf("__meta_dns_ns_record_target"))
        .isEqualTo("ns1.zone.test.");
  }

  @Test
  void anAliasIsFollowed() {
    dns.put("CNAME", "alias.test", "alias.target");
    dns.put("A", "alias.target", "192.0.2.7");
    discover(DnsRecordType.A, 80, "alias.test.").awaitAddresses("192.0.2.7:80");
  }

  @Test
  void shortNamesAreTriedInTheSearchDomains() {
    dns.put("A", "web.svc.test", "192.0.2.3");
    discover(DnsRecordType.A, 80, "web").awaitAddresses("192.0.2.3:80");
    assertThat(dns.questions).startsWith("1 web.shop.svc.test", "1 web.svc.test");
  }

  @Test
  void anAnswerTooLongForUdpComesByTcp() {
    String[] records = new String[60];
    Arrays.setAll(records, i -> "192.0.2." + (i + 1));
    dns.put("A", "many.test", records);
    RecordingSink sink = discover(DnsRecordType.A, 80, "many.test.");
    await().atMost(RecordingSink.PATIENCE).until(() -> sink.addresses().size() == 60);
    assertThat(dns.tcpQuestions).contains("1 many.test");
  }

  @Test
  void aNameThatGoesHasNoTargetsAnyMore() {
    dns.put("A", "web.test", "192.0.2.1");
    RecordingSink sink = discover(DnsRecordType.A, 80, "web.test.");
    sink.awaitAddresses("192.0.2.1:80");
    dns.put("A", "web.test", "192.0.2.2");
    sink.awaitAddresses("192.0.2.2:80");
    dns.remove("A", "web.test");
    sink.awaitAddresses();
    assertThat(sink.failure()).isEmpty();
  }

  @Test
  void aFailingServerKeepsTheLastGoodTargets() {
    dns.put("A", "web.test", "192.0.2.1");
    RecordingSink sink = discover(DnsRecordType.A, 80, "web.test.");
    sink.awaitAddresses("192.0.2.1:80");
    dns.failWith = 2;
    sink.awaitFailure(failure -> failure.contains("A of web.test."));
    assertThat(sink.failure()).contains(dns.address());
    assertThat(sink.addresses()).containsExactly("192.0.2.1:80");
    dns.failWith = 0;
    dns.put("A", "web.test", "192.0.2.9");
    sink.awaitAddresses("192.0.2.9:80");
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void oneFailingNameDoesNotHoldUpTheOthers() {
    dns.put("A", "good.test", "192.0.2.1");
    dns.put("A", "bad.test", "192.0.2.8");
    RecordingSink sink = discover(DnsRecordType.A, 80, "good.test.", "bad.test.");
    sink.awaitAddresses("192.0.2.1:80", "192.0.2.8:80");
    dns.failing.add("bad.test");
    sink.awaitFailure(failure -> failure.contains("A of bad.test."));
    dns.put("A", "good.test", "192.0.2.2");
    sink.awaitAddresses("192.0.2.2:80", "192.0.2.8:80");
    assertThat(sink.failure()).contains("bad.test.").doesNotContain("good.test");
    dns.failing.clear();
    sink.awaitFailure(String::isEmpty);
  }

  @Test
  void closingWhileAServerIsSilentReturnsAtOnce() {
    dns.silent = true;
    discover(DnsRecordType.A, 80, "web.test.");
    await().atMost(RecordingSink.PATIENCE).until(() -> !dns.questions.isEmpty());
    long began = System.nanoTime();
    fixture.close();
    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
  }

  @Test
  void searchDomainsAreThoseOfTheFile() {
    ResolvConf conf =
        ResolvConf.parse(
            List.of(
                "# comment",
                "nameserver 10.0.0.10",
                "nameserver fd00::10",
                "search a.test b.test.",
                "options timeout:2 ndots:2 ndots:x"));
    assertThat(conf.servers()).containsExactly("10.0.0.10", "[fd00::10]");
    assertThat(conf.candidates("x")).containsExactly("x.a.test", "x.b.test", "x");
    assertThat(conf.candidates("x.y.z")).containsExactly("x.y.z", "x.y.z.a.test", "x.y.z.b.test");
    assertThat(conf.candidates("x.")).containsExactly("x");
  }

  @Test
  void whatBelongsTogetherIsChecked() {
    assertThatThrownBy(() -> new DnsDiscovery(List.of("x"), DnsRecordType.A, 0, OFTEN))
        .hasMessageContaining("port is required with type A");
    assertThatThrownBy(() -> new DnsDiscovery(List.of(), DnsRecordType.SRV, 0, OFTEN))
        .hasMessageContaining("names is required");
    assertThatThrownBy(() -> new DnsDiscovery(List.of("x"), DnsRecordType.A, 70000, OFTEN))
        .hasMessageContaining("65535");
  }
}
