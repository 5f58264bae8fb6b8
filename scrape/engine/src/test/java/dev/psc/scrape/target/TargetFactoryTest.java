package dev.psc.scrape.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.relabel.Relabeling;
import dev.psc.scrape.testing.TestTargets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetFactoryTest {

  private static final ScrapeJob GO = ScrapeJob.builder("api").build();
  private static final ScrapeJob ONE = TestTargets.job("api").build();

  private static Targets make(ScrapeJob job, LabelSet... targets) {
    return new TargetFactory(job, Relabeling.NONE, LabelSet.empty())
        .make(List.of(new TargetGroup("0", List.of(targets), LabelSet.empty())));
  }

  private static Target named(Targets targets, String profile) {
    return targets.kept().stream()
        .filter(target -> target.labels().valueOf(LabelSet.NAME).equals(profile))
        .findFirst()
        .orElseThrow();
  }

  private static Target one(ScrapeJob job, String... labels) {
    Targets made = make(job, LabelSet.of(labels));
    assertThat(made.invalid()).isEmpty();
    return made.kept().get(0);
  }

  private static String problem(ScrapeJob job, String... labels) {
    Targets made = make(job, LabelSet.of(labels));
    assertThat(made.kept()).isEmpty();
    return made.invalid().get(0).reason();
  }

  private static ScrapeJob relabeled(RelabelRule... rules) {
    return ONE.toBuilder().relabeling(List.of(rules)).build();
  }

  private static RelabelRule set(String target, String value) {
    return RelabelRule.builder().targetLabel(target).replacement(value).build();
  }

  @Test
  void asksAGoProgramForItsFiveProfiles() {
    Targets made = make(GO, LabelSet.of("__address__", "h:1"));
    assertThat(made.kept())
        .extracting(target -> target.labels().valueOf(LabelSet.NAME) + " " + target.uri())
        .containsExactly(
            "memory http://h:1/debug/pprof/allocs",
            "block http://h:1/debug/pprof/block",
            "goroutine http://h:1/debug/pprof/goroutine",
            "mutex http://h:1/debug/pprof/mutex",
            "process_cpu http://h:1/debug/pprof/profile?seconds=10");
    assertThat(named(made, "memory").labels().toMap())
        .isEqualTo(Map.of("__name__", "memory", "job", "api", "instance", "h:1"));
    assertThat(named(made, "process_cpu").seconds()).isEqualTo(10);
    assertThat(named(made, "memory").seconds()).isZero();
  }

  @Test
  void labelsOfTheTargetWinOverThoseOfTheGroupAndTheJob() {
    Targets made =
        new TargetFactory(ONE, Relabeling.NONE, LabelSet.empty())
            .make(
                List.of(
                    new TargetGroup(
                        "0",
                        List.of(
                            LabelSet.of("__address__", "h:1", "zone", "b", "job", "own"),
                            LabelSet.of("__address__", "h:2")),
                        LabelSet.of("zone", "a", "team", "x"))));
    assertThat(made.kept())
        .extracting(target -> target.labels().without(List.of("__name__", "instance")))
        .containsExactly(
            LabelSet.of("zone", "b", "team", "x", "job", "own"),
            LabelSet.of("zone", "a", "team", "x", "job", "api"));
  }

  @Test
  void oneInvalidTargetIsSkippedAlone() {
    Targets made =
        make(
            ONE,
            LabelSet.of("__address__", "ok:1"),
            LabelSet.of("__address__", "bad/addr"),
            LabelSet.of("instance", "without"),
            LabelSet.of("__address__", "ok:2"));
    assertThat(made.kept()).hasSize(2);
    assertThat(made.invalid())
        .extracting(Targets.Invalid::reason)
        .containsExactly(
            "\"bad/addr\" is not an address: use host:port; set scheme and path separately",
            "no address: relabelling removed __address__, or discovery gave none");
    assertThat(made.invalid().get(0).discovered().valueOf("__address__")).isEqualTo("bad/addr");
  }

  @ParameterizedTest
  @CsvSource({
    "h,http,h:80",
    "h,https,h:443",
    "1.2.3.4,http,1.2.3.4:80",
    "[::1],https,[::1]:443",
    "h:8080,http,h:8080",
    "[::1]:8080,http,[::1]:8080",
  })
  void thePortIsThatOfTheFinalScheme(String address, String scheme, String expected) {
    Target target = one(relabeled(set("__scheme__", scheme)), "__address__", address);
    assertThat(target.uri()).hasToString(scheme + "://" + expected + "/debug/pprof/allocs");
    assertThat(target.labels().valueOf("instance")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "::1,is an IPv6 address without brackets: write [::1]:port",
    "fd00::1,is an IPv6 address without brackets: write [fd00::1]:port",
    "fd00::1:6060,'write [fd00::1]:6060, or [fd00::1:6060]:port if 6060 belongs to the address'",
    "fd00:0:0:0:0:0:0:1:6060,'is not host:port: write [fd00:0:0:0:0:0:0:1]:6060'",
    "::ffff:10.0.0.1,is an IPv6 address without brackets: write [::ffff:10.0.0.1]:port",
    "h:80:90,is not host:port",
    "h:99999,is not host:port",
    "http://h:1,use host:port; set scheme and path separately",
  })
  void addressesThatCannotBeAskedSayWhatToWrite(String address, String advice) {
    assertThat(problem(ONE, "__address__", address)).contains(address).contains(advice);
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        "|/debug/pprof/heap|/debug/pprof/heap",
        "/p|/debug/pprof/heap|/p/debug/pprof/heap",
        "p|/debug/pprof/heap|/p/debug/pprof/heap",
        "/p/|/debug/pprof/heap|/p/debug/pprof/heap",
        "/p//|/debug/pprof/heap|/p/debug/pprof/heap",
        "/api/|debug/pprof/heap|/api/debug/pprof/heap",
        "/../x|/debug/pprof/heap|/x/debug/pprof/heap",
        "/p|/debug/pprof/heap/|/p/debug/pprof/heap",
        "/p|/x?gc=1|/p/x?gc=1",
      },
      delimiter = '|')
  void joinsPrefixAndPathWithOneSlashOnce(String prefix, String path, String expected) {
    ScrapeJob job =
        ScrapeJob.builder("api")
            .pathPrefix(prefix == null ? "" : prefix)
            .onlyProfiles(
                Map.of("memory", ProfileSettings.builder().enabled(true).path(path).build()))
            .build();
    assertThat(one(job, "__address__", "h:1").uri()).hasToString("http://h:1" + expected);
    assertThat(one(job.toBuilder().build(), "__address__", "h:1").uri())
        .as("again")
        .hasToString("http://h:1" + expected);
  }

  @Test
  void eachProfileHasItsOwnParametersHoweverOftenTargetsAreMade() {
    ScrapeJob job = GO.toBuilder().params(Map.of("debug", List.of("0"))).build();
    TargetFactory factory = new TargetFactory(job, Relabeling.NONE, LabelSet.empty());
    Targets first =
        factory.make(List.of(TargetGroup.ofAddresses("0", List.of("h:1"), LabelSet.empty())));
    Targets second =
        factory.make(List.of(TargetGroup.ofAddresses("0", List.of("h:1"), LabelSet.empty())));
    assertThat(named(second, "memory").uri()).hasToString("http://h:1/debug/pprof/allocs?debug=0");
    assertThat(named(second, "process_cpu").uri())
        .hasToString("http://h:1/debug/pprof/profile?debug=0&seconds=10");
    assertThat(second.kept()).isEqualTo(first.kept());
    assertThat(second.kept()).extracting(Target::id).isEqualTo(idsOf(first));
    assertThat(new java.util.HashSet<>(idsOf(first))).hasSize(5);
  }

  private static List<String> idsOf(Targets targets) {
    return targets.kept().stream().map(Target::id).toList();
  }

  @ParameterizedTest
  @CsvSource(
      value = {
        // interval, timeout, seconds; effective timeout, seconds asked for
        "10s|||13s|10",
        "45s|||48s|45",
        "10s|10s||13s|10",
        "10s|30s||30s|10",
        "60s||10|63s|10",
        "60s|5s|10|13s|10",
        "500ms|||4s|1",
      },
      delimiter = '|')
  void timeoutsLeaveTimeForWhatTheProfileCovers(
      String interval, String timeout, Integer seconds, String effective, int asked) {
    ScrapeJob.Builder job = GO.toBuilder().interval(duration(interval));
    if (timeout != null) {
      job.timeout(duration(timeout));
    }
    if (seconds != null) {
      job.profile("process_cpu", ProfileSettings.builder().seconds(seconds).build());
    }
    Targets made = make(job.build(), LabelSet.of("__address__", "h:1"));
    Target cpu = named(made, "process_cpu");
    assertThat(cpu.timeout()).isEqualTo(duration(effective));
    assertThat(cpu.seconds()).isEqualTo(asked);
    assertThat(cpu.uri().getQuery()).isEqualTo("seconds=" + asked);
    assertThat(cpu.interval()).isEqualTo(duration(interval));
    if (timeout != null && !timeout.equals(effective)) {
      assertThat(cpu.note()).hasValueSatisfying(note -> assertThat(note).contains(effective));
      assertThat(named(made, "memory").timeout()).isEqualTo(duration(timeout));
      assertThat(named(made, "memory").note()).isEmpty();
    }
  }

  private static Duration duration(String text) {
    return dev.psc.scrape.settings.Durations.parse(text);
  }

  @Test
  void aDeltaOfTheTargetIsAskedForWhereItIsSwitchedOn() {
    ScrapeJob job =
        GO.toBuilder()
            .profile("memory", ProfileSettings.builder().delta(true).seconds(5).build())
            .profile(
                "fgprof",
                ProfileSettings.builder().enabled(true).path("/debug/fgprof").delta(true).build())
            .build();
    Targets made = make(job, LabelSet.of("__address__", "h:1"));
    assertThat(named(made, "memory").uri()).hasToString("http://h:1/debug/pprof/allocs?seconds=5");
    assertThat(named(made, "memory").timeout()).isEqualTo(Duration.ofSeconds(13));
    assertThat(named(made, "fgprof").uri()).hasToString("http://h:1/debug/fgprof?seconds=10");
    assertThat(named(made, "mutex").uri().getQuery()).isNull();
  }

  @Test
  void aProfileKeepsTheDefaultsThatAreNotSet() {
    ScrapeJob job =
        GO.toBuilder()
            .profile("process_cpu", ProfileSettings.builder().enabled(true).build())
            .profile("memory", ProfileSettings.builder().enabled(false).build())
            .build();
    Targets made = make(job, LabelSet.of("__address__", "h:1"));
    assertThat(made.kept()).hasSize(4);
    assertThat(named(made, "process_cpu").uri().getQuery()).isEqualTo("seconds=10");
  }

  @Test
  void profilesNeedAPathAndOneKindOfDelta() {
    assertThatThrownBy(
            () -> GO.toBuilder().profile("x", ProfileSettings.builder().enabled(true).build()))
        .hasMessage("profile x needs a path, e.g. /debug/x");
    assertThatThrownBy(
            () ->
                GO.toBuilder()
                    .profile("process_cpu", ProfileSettings.builder().computeDelta(true).build()))
        .hasMessageContaining("delta and compute_delta are mutually exclusive");
  }

  @Test
  void namesOfProfilesBecomeLegal() {
    ScrapeJob job =
        ScrapeJob.builder("api")
            .onlyProfiles(
                Map.of("9my-profile", ProfileSettings.builder().enabled(true).path("/x").build()))
            .build();
    assertThat(one(job, "__address__", "h:1").labels().valueOf(LabelSet.NAME))
        .isEqualTo("_9my_profile");
    assertThat(problem(relabeled(set("__name__", "a b")), "__address__", "h:1"))
        .contains("__name__ must match");
  }

  @Test
  void relabellingSteersTheScrape() {
    ScrapeJob job =
        relabeled(
            set("__address__", "other:9"),
            set("__scheme__", "https"),
            set("__profile_path__", "/x y"),
            set("__param_gc", "1"),
            set("__tmp_note", "gone"),
            RelabelRule.builder().sourceLabels("__meta_zone").targetLabel("zone").build());
    Target target =
        one(
            job.toBuilder().params(Map.of("gc", List.of("0", "7"))).build(),
            "__address__",
            "h:1",
            "__meta_zone",
            "a");
    assertThat(target.uri()).hasToString("https://other:9/x%20y?gc=1&gc=7");
    assertThat(target.labels().toMap())
        .isEqualTo(Map.of("__name__", "memory", "job", "api", "instance", "other:9", "zone", "a"));
    assertThat(target.discovered().valueOf("__meta_zone")).isEqualTo("a");
  }

  @ParameterizedTest
  @CsvSource({
    // path, seconds of a label; query, seconds asked for
    "/p?seconds=5,,seconds=5,5",
    "/p?seconds=5&gc=1&seconds=6,,seconds=5&gc=1,5",
    "/p?seconds=5&gc=1,7,gc=1&seconds=7,7",
    "/p?seconds=5,7,seconds=7,7",
    "/p?gc=1,,gc=1&seconds=10,10",
    "/p?sec%6fnds=5,,seconds=5,5",
  })
  void aPathWithSecondsGivesOneSeconds(String path, String label, String query, int seconds) {
    ScrapeJob job =
        GO.toBuilder()
            .profile("process_cpu", ProfileSettings.builder().path(path).build())
            .relabeling(label == null ? List.of() : List.of(set("__param_seconds", label)))
            .build();
    Target cpu = named(make(job, LabelSet.of("__address__", "h:1")), "process_cpu");
    assertThat(cpu.uri().getQuery()).isEqualTo(query);
    assertThat(cpu.seconds()).isEqualTo(seconds);
    assertThat(cpu.timeout()).isGreaterThanOrEqualTo(Duration.ofSeconds(seconds + 3));
  }

  @Test
  void aPathWithSecondsWinsOverTheParametersOfTheJob() {
    ScrapeJob job =
        GO.toBuilder()
            .params(Map.of("seconds", List.of("9")))
            .profile("process_cpu", ProfileSettings.builder().path("/p?seconds=5").build())
            .build();
    Target cpu = named(make(job, LabelSet.of("__address__", "h:1")), "process_cpu");
    assertThat(cpu.uri()).hasToString("http://h:1/p?seconds=5");
  }

  @Test
  void namesWithAnUnderscoreAreTargets() {
    Target target = one(relabeled(), "__address__", "my_host:1");
    assertThat(target.uri()).hasToString("http://my_host:1/debug/pprof/allocs");
    assertThat(target.name()).isEqualTo("http://my_host:1/debug/pprof/allocs");
  }

  @Test
  void aParameterFromRelabellingSetsTheSecondsToo() {
    ScrapeJob job = GO.toBuilder().relabeling(List.of(set("__param_seconds", "5"))).build();
    Target cpu = named(make(job, LabelSet.of("__address__", "h:1")), "process_cpu");
    assertThat(cpu.uri().getQuery()).isEqualTo("seconds=5");
    assertThat(cpu.seconds()).isEqualTo(5);
    ScrapeJob broken = GO.toBuilder().relabeling(List.of(set("__param_seconds", "x"))).build();
    assertThat(make(broken, LabelSet.of("__address__", "h:1")).invalid().get(0).reason())
        .contains("seconds must be a whole number, but was \"x\"");
  }

  @Test
  void aTargetMayHaveAnIntervalAndATimeoutOfItsOwn() {
    ScrapeJob job =
        GO.toBuilder()
            .relabeling(
                List.of(
                    RelabelRule.builder()
                        .sourceLabels("__meta_every")
                        .regex("(.+)")
                        .targetLabel("__scrape_interval__")
                        .build()))
            .build();
    Targets made =
        make(
            job,
            LabelSet.of("__address__", "a:1", "__meta_every", "30s"),
            LabelSet.of("__address__", "b:1"),
            LabelSet.of("__address__", "c:1", "__meta_every", "soon"),
            LabelSet.of("__address__", "d:1", "__meta_every", "1ms"));
    assertThat(made.kept()).hasSize(10);
    assertThat(made.kept().subList(0, 5))
        .allMatch(target -> target.interval().equals(Duration.ofSeconds(30)))
        .allMatch(target -> target.timeout().equals(Duration.ofSeconds(33)));
    assertThat(named(made, "process_cpu").seconds()).as("follows the interval").isEqualTo(30);
    assertThat(made.kept().subList(5, 10))
        .allMatch(target -> target.interval().equals(Duration.ofSeconds(10)));
    assertThat(made.invalid()).hasSize(10);
    assertThat(made.invalid().get(0).reason()).contains("__scrape_interval__").contains("soon");
    assertThat(made.invalid().get(9).reason()).contains("at least 100ms");
  }

  @Test
  void externalLabelsOverwriteThoseOfATarget() {
    ScrapeJob job =
        ONE.toBuilder().externalLabels(LabelSet.of("env", "job", "region", "eu")).build();
    Targets made =
        new TargetFactory(job, Relabeling.NONE, LabelSet.of("env", "all"))
            .make(
                List.of(
                    new TargetGroup(
                        "0",
                        List.of(LabelSet.of("__address__", "h:1", "env", "target")),
                        LabelSet.empty())));
    assertThat(made.kept().get(0).labels().toMap())
        .containsEntry("env", "all")
        .containsEntry("region", "eu");
  }

  @Test
  void tellsWhichRuleDroppedATargetAndWhatItSaw() {
    ScrapeJob job =
        relabeled(
            set("seen", "yes"),
            RelabelRule.builder()
                .action(RelabelAction.DROP)
                .sourceLabels("__meta_phase")
                .regex("Failed")
                .build());
    Targets made =
        make(
            job,
            LabelSet.of("__address__", "h:1", "__meta_phase", "Failed"),
            LabelSet.of("__address__", "h:2", "__meta_phase", "Running"));
    assertThat(made.kept()).hasSize(1);
    Targets.Dropped dropped = made.dropped().get(0);
    assertThat(dropped.rule()).isEqualTo(1);
    assertThat(dropped.ruleText()).contains("action=drop").contains("regex=Failed");
    assertThat(dropped.discovered().toMap())
        .containsEntry("__meta_phase", "Failed")
        .doesNotContainKey("seen");
  }

  @Test
  void globalRulesRunAfterThoseOfTheJobAndStillSeeDiscovery() {
    Relabeling global =
        new Relabeling(
            List.of(
                RelabelRule.builder()
                    .action(RelabelAction.DROP)
                    .sourceLabels("__meta_kubernetes_namespace", "seen")
                    .regex("dev;yes")
                    .build()));
    Targets made =
        new TargetFactory(relabeled(set("seen", "yes")), global, LabelSet.empty())
            .make(
                List.of(
                    new TargetGroup(
                        "0",
                        List.of(LabelSet.of("__address__", "h:1")),
                        LabelSet.of("__meta_kubernetes_namespace", "dev"))));
    assertThat(made.dropped().get(0).rule()).as("counted over both").isEqualTo(1);
  }

  @Test
  void whatAppearsTwiceIsOneTargetAndOthersAreTold() {
    Targets made =
        make(
            ONE,
            LabelSet.of("__address__", "h:1"),
            LabelSet.of("__address__", "h:1"),
            LabelSet.of("__address__", "h:1", "zone", "a"),
            LabelSet.of("__address__", "h:1", "__param_x", "1"));
    assertThat(made.kept()).hasSize(3);
    assertThat(new java.util.HashSet<>(idsOf(made))).hasSize(3);
  }

  @Test
  void targetsAboveTheLimitAreToldAsSuch() {
    Targets made =
        make(
            ONE.toBuilder().targetLimit(1).build(),
            LabelSet.of("__address__", "a:1"),
            LabelSet.of("__address__", "b:1"));
    assertThat(made.kept()).hasSize(1);
    assertThat(made.invalid().get(0).reason()).contains("target_limit of 1 (2 targets)");
  }

  @Test
  void groupsThatDidNotChangeAreNotWorkedOnAgain() {
    TargetFactory factory = new TargetFactory(ONE, Relabeling.NONE, LabelSet.empty());
    List<TargetGroup> groups = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      groups.add(TargetGroup.ofAddresses("" + i, List.of("h" + i + ":1"), LabelSet.empty()));
    }
    Targets before = factory.make(groups);
    groups.set(3, TargetGroup.ofAddresses("3", List.of("new:1"), LabelSet.empty()));
    Targets after = factory.make(groups);
    for (int i = 0; i < 10; i++) {
      if (i == 3) {
        assertThat(after.kept().get(i)).isNotEqualTo(before.kept().get(i));
      } else {
        assertThat(after.kept().get(i)).isSameAs(before.kept().get(i));
      }
    }
  }

  @Test
  void namesOfTargetsHideWhatMayBeSecret() {
    Target target = one(ONE, "__address__", "h:1", "__param_token", "s3cret");
    assertThat(target.uri().toString()).contains("s3cret");
    assertThat(target.name()).isEqualTo("http://h:1/debug/pprof/allocs");
    assertThat(target).asString().doesNotContain("s3cret");
  }
}
