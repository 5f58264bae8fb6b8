package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Diff;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.format.PprofRule;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.report.FlameGraph;
import dev.psc.pprof.report.Top;
import dev.psc.pprof.report.Tree;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the README, and its tables against the code. */
class PprofDocsTest {

  private static byte[] heap(long time, long allocated) {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("alloc_space", "bytes");
    profile.sampleType("inuse_space", "bytes");
    profile.timeNanos(time);
    int main = profile.location(0, 0, profile.function("main", "", "main.go", 1), 3);
    profile.sample(new int[] {main}, 0, 1, ProfileBuilder.NO_LABELS, allocated, 5);
    return profile.build();
  }

  @Test
  void readsAndSumsUp() throws Exception {
    byte[] body = heap(1, 10);
    Profile profile = Profile.parse(body);
    for (Sample sample : profile.samples()) {
      System.Logger.Level level = System.Logger.Level.DEBUG;
      System.getLogger("docs").log(level, sample.stack() + " " + sample.values());
    }
    String table = Top.of(profile, profile.sampleTypeIndex("inuse_space")).toString();
    String calls = Tree.of(profile, profile.defaultSampleTypeIndex()).toString();
    assertThat(table).contains("main");
    assertThat(calls).contains("main");
  }

  @Test
  void repairsWhatWasFetched() throws Exception {
    byte[] body = RawPprof.clean().function(9, 5).gzip();
    long askedNanos = 1_700_000_000_000_000_000L;
    Repaired repaired =
        Repair.repair(body, PprofLimits.defaults(), new RepairContext(askedNanos, 0));
    byte[] forTheStore = repaired.bytes();
    List<RepairAction> report = repaired.actions();
    assertThat(forTheStore).isNotSameAs(body);
    assertThat(report).extracting(RepairAction::code).containsExactly("function_id_order");
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    byte[] body = "<html>Not here</html>".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    String reason = "";
    try {
      PprofCheck.check(body).violations().forEach(violation -> report(violation.toString()));
    } catch (PprofException e) {
      reason = e.code() + " at " + e.place() + ": " + e.getMessage();
    }
    assertThat(reason).startsWith("not_pprof at byte 0: ");
    assertThat(reported).isEmpty();
  }

  private final List<String> reported = new ArrayList<>();

  private void report(String line) {
    reported.add(line);
  }

  @Test
  void filtersAndTakesDifferences() throws Exception {
    byte[] first = heap(1_000, 10);
    byte[] second = heap(2_000, 25);
    KeepSampleTypes inUse = KeepSampleTypes.of(List.of(new SampleType("inuse_space", "bytes")));
    byte[] small = inUse.apply(second, PprofLimits.defaults());

    DeltaState state = DeltaState.create();
    state.advance(first, PprofLimits.defaults());
    if (state.advance(second, PprofLimits.defaults()) instanceof DeltaState.Outcome.Delta delta) {
      report("in " + delta.durationNanos() + " ns: " + delta.bytes().length + " bytes");
    }
    assertThat(Profile.parse(small).totals()).containsExactly(5);
    assertThat(reported).hasSize(1);
    assertThat(reported.get(0)).startsWith("in 1000 ns: ");
  }

  @Test
  void mergesAndDraws(@TempDir Path directory) throws Exception {
    Path page = directory.resolve("heap.html");
    Profile first = Profile.parse(heap(1_000, 10));
    Profile second = Profile.parse(heap(2_000, 25));
    Profile both = Profile.parse(Merge.create().add(first).add(second).build());
    Profile grown = Profile.parse(Diff.between(first, second));
    Files.writeString(page, FlameGraph.html(both, "heap of shop"));
    assertThat(both.totals()).containsExactly(35, 10);
    assertThat(grown.totals()).containsExactly(15, 0);
    assertThat(page).isNotEmptyFile();
  }

  @Test
  void builds() throws Exception {
    long now = 1_700_000_000_000_000_000L;
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    profile
        .periodType("cpu", "nanoseconds", 10_000_000)
        .timeNanos(now)
        .durationNanos(10_000_000_000L);
    int jvm = profile.mapping("java", "");
    int function = profile.function("com.example.Main.run", "", "Main.java", 12);
    int location = profile.location(jvm, 0, function, 17);
    int labels = profile.labels("thread", "worker-1");
    profile.sample(new int[] {location}, 0, 1, labels, 20_000_000);
    byte[] pprof = profile.build();
    assertThat(PprofCheck.check(pprof).isClean()).isTrue();
  }

  // Tables

  private static List<List<String>> table(String firstHeader) throws Exception {
    List<List<String>> rows = new ArrayList<>();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of("README.md"))) {
      if (line.startsWith("| " + firstHeader + " |")) {
        inside = true;
      } else if (!line.startsWith("|")) {
        inside = false;
      } else if (inside && !line.startsWith("|---")) {
        rows.add(
            Arrays.stream(line.substring(1).split("(?<!\\\\)\\|", -1)).map(String::strip).toList());
      }
    }
    return rows;
  }

  @Test
  void listsEveryRuleAsTheCodeHasIt() throws Exception {
    List<String> documented =
        table("rule").stream().map(r -> String.join(" | ", r.subList(0, 4))).toList();
    assertThat(documented)
        .containsExactlyElementsOf(
            Arrays.stream(PprofRule.values())
                .map(
                    rule ->
                        "`%s` | %s | %s | %s"
                            .formatted(
                                rule.code(),
                                rule.owner() == PprofRule.Owner.FORMAT ? "format" : "store",
                                rule.sentence(),
                                rule.repairable() ? "repaired" : "rejected"))
                .toList());
  }

  @Test
  void listsEveryOtherReasonToRefuse() throws Exception {
    Set<String> codes = new TreeSet<>();
    for (Field field : PprofException.class.getFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        codes.add("`" + field.get(null) + "`");
      }
    }
    assertThat(table("reason").stream().map(r -> r.get(0)).collect(Collectors.toSet()))
        .isEqualTo(codes);
  }

  @Test
  void listsEveryRepair() throws Exception {
    Set<String> codes = new TreeSet<>(Set.of("`compressed`", "`members_joined`", "`unwrapped`"));
    codes.addAll(Set.of("`duration_missing`", "`converted`"));
    for (PprofRule rule : PprofRule.values()) {
      if (rule.repairable()) {
        codes.add("`" + rule.code() + "`");
      }
    }
    assertThat(table("repair").stream().map(r -> r.get(0)).collect(Collectors.toSet()))
        .isEqualTo(codes);
  }

  @Test
  void namesTheLimitsWithTheirDefaults() throws Exception {
    PprofLimits limits = PprofLimits.defaults();
    assertThat(table("limit"))
        .extracting(r -> r.get(0) + " " + r.get(1))
        .containsExactly(
            "`PprofLimits.wireBytes` " + (limits.wireBytes() >> 20) + " MiB",
            "`PprofLimits.inflatedBytes` " + (limits.inflatedBytes() >> 20) + " MiB",
            "`PprofLimits.ratio` " + limits.ratio(),
            "`DeltaState.create(maxStateBytes, …)` 16 MiB",
            "drawn frames " + FlameGraph.MAX_NODES);
  }
}
