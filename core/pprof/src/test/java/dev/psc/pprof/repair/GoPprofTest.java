package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Diff;
import dev.psc.pprof.Merge;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.SampleLabel;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.PprofLimits;
import dev.psc.pprof.internal.wire.ProfileFields;
import dev.psc.pprof.report.Top;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The same numbers as {@code go tool pprof}: of profiles that Go made, real and generated ones. */
@Tag("interop")
class GoPprofTest {

  private static final Pattern VALUES = Pattern.compile("^ +((?:-?\\d+ +)*-?\\d+): ?[\\d ]*$");
  private static final PprofLimits LIMITS = PprofLimits.defaults();

  @TempDir private static Path directory;

  private static Path made;

  @BeforeAll
  static void makeProfilesWithGo() throws Exception {
    Commands.assumeOnPath("go");
    made = Files.createDirectory(directory.resolve("made"));
    Path source = Path.of("src/test/interop/profiles.go").toAbsolutePath();
    Commands.output(directory, List.of("go", "run", source.toString(), made.toString()));
  }

  private static byte[] made(String name) throws Exception {
    return Files.readAllBytes(made.resolve(name + ".pb.gz"));
  }

  /** Go's profiles, generated ones and, where they are, those of the corpus. */
  private static Map<String, byte[]> profiles() throws Exception {
    Map<String, byte[]> all = new LinkedHashMap<>();
    try (var files = Files.list(made)) {
      for (Path file : files.sorted().toList()) {
        all.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    assertThat(all).hasSize(13);
    for (String dir : new String[] {"pprof", "delta"}) {
      for (Path file : Corpus.files(dir)) {
        all.put(dir + "/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    all.put("mixed", ProfileSamples.mixed());
    for (long seed = 0; seed < 8; seed++) {
      all.put("generated " + seed, Generated.profile(seed));
    }
    return all;
  }

  private static String pprof(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("go", "tool", "pprof", "-symbolize=none"));
    command.addAll(List.of(arguments));
    return Commands.output(directory, command);
  }

  @Test
  void goReadsWhatRepairMakesOfEqualTypesAndLinesWithoutAFunction() throws Exception {
    byte[] equal =
        new RawPprof()
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.SAMPLE_TYPE, 1, 2)
            .valueType(ProfileFields.PERIOD_TYPE, 1, 2)
            .strings("", "cpu", "nanoseconds")
            .sample(new long[0], 1, 100)
            .time(1)
            .gzip();
    byte[] nameless = RawPprof.clean().location(3, 1, 0x30, 9).sample(new long[] {3}, 1, 1).gzip();
    for (byte[] body : List.of(equal, nameless)) {
      assertThat(pprof("-top", file(Repair.repair(body).bytes()))).contains("flat%");
      byte[] merged = Merge.create().add(Profile.parse(body)).build();
      assertThat(pprof("-top", file(merged))).contains("flat%");
    }
  }

  @Test
  void goTellsApartWhatRepairMakesOfEqualTypes() throws Exception {
    for (List<String> types :
        List.of(
            List.of("cpu/ns", "cpu/ns", "cpu/ns"),
            List.of("cpu/ns", "cpu/count"),
            List.of("cpu/ns", " cpu/ns", "cpu /ns"),
            List.of("cpu/ns", "CPU/ns"),
            List.of("/", "/"),
            List.of("cpu/", "cpu/", "cpu/ns"),
            List.of("cpu/ns", "cpu/ns", "cpu_2/ns", "cpu_2/ns"),
            List.of("a-b/x", "a_b/x", "a b/x", "a.b/x"))) {
      RawPprof raw = new RawPprof();
      List<String> strings = new ArrayList<>(List.of("", "main"));
      long[] values = new long[types.size()];
      for (int i = 0; i < types.size(); i++) {
        for (String part : types.get(i).split("/", -1)) {
          strings.add(part);
        }
        raw.valueType(ProfileFields.SAMPLE_TYPE, strings.size() - 2, strings.size() - 1);
        values[i] = (long) Math.pow(10, i);
      }
      byte[] body =
          raw.strings(strings.toArray(String[]::new)).sample(new long[0], values).time(1).gzip();
      byte[] repaired = Repair.repair(body).bytes();
      byte[] merged =
          Merge.create().add(Profile.parse(repaired)).add(Profile.parse(repaired)).build();
      assertThat(rawTotals(repaired)).as("%s", types).isEqualTo(values);
      assertThat(rawTotals(merged))
          .as("%s", types)
          .isEqualTo(Arrays.stream(values).map(value -> 2 * value).toArray());
      Profile named = Profile.parse(repaired);
      for (int i = 0; i < values.length; i++) {
        String type = named.sampleTypes().get(i).type();
        assertThat(named.sampleTypeIndex(type)).as("%s", types).isEqualTo(i);
        assertThat(pprof("-top", "-sample_index=" + type, file(repaired)))
            .contains("Type: " + type + "\n");
      }
    }
  }

  @Test
  void mergesColumnsInOtherOrdersAsGoDoes() throws Exception {
    byte[] first = columns("alloc_objects", "alloc_space", "inuse_objects");
    byte[] second = columns("inuse_objects", "alloc_objects", "alloc_space");
    Profile ours =
        Profile.parse(Merge.create().add(Profile.parse(first)).add(Profile.parse(second)).build());
    Profile theirs = proto(file(first), file(second));
    assertThat(ours.sampleTypes()).isEqualTo(theirs.sampleTypes());
    assertThat(ours.totals()).isEqualTo(theirs.totals());
  }

  private static byte[] columns(String... types) {
    ProfileBuilder profile = ProfileBuilder.create();
    long[] values = new long[types.length];
    for (int i = 0; i < types.length; i++) {
      profile.sampleType(types[i], "count");
      values[i] = (long) types[i].length() * types[i].charAt(0);
    }
    profile.periodType("space", "count", 1);
    int main = profile.location(0, 0, profile.function("main", "", "", 0), 0);
    profile.sample(new int[] {main}, 0, 1, ProfileBuilder.NO_LABELS, values);
    return profile.build();
  }

  @Test
  void goReadsWhatRepairMakesOfMutatedProfiles() throws Exception {
    FuzzTest fuzz = new FuzzTest();
    int read = 0;
    for (long seed = 0; read < 30; seed++) {
      byte[] repaired;
      try {
        byte[] input = fuzz.mutate(new SplittableRandom(seed));
        repaired = Repair.repair(input, LIMITS, new RepairContext(1, 0)).bytes();
      } catch (PprofException e) {
        continue; // nothing is sent
      }
      if (Profile.parse(repaired).sampleCount() > 0) {
        assertThat(pprof("-raw", file(repaired))).as("seed %d", seed).contains("Samples:");
        read++;
      }
    }
  }

  private static String file(byte[] body) throws Exception {
    return Files.write(Files.createTempFile(directory, "profile", ".pb"), body).toString();
  }

  /** Returns the sums of all columns as {@code -raw} lists them. */
  private static long[] rawTotals(byte[] body) throws Exception {
    long[] totals = {};
    boolean samples = false;
    for (String line : pprof("-raw", file(body)).lines().toList()) {
      if (line.equals("Locations")) {
        break;
      }
      Matcher values = VALUES.matcher(line);
      if (samples && values.matches()) {
        String[] numbers = values.group(1).trim().split(" +", -1);
        totals = Arrays.copyOf(totals, numbers.length);
        for (int i = 0; i < numbers.length; i++) {
          totals[i] += Long.parseLong(numbers[i]);
        }
      }
      samples |= line.equals("Samples:");
    }
    return totals;
  }

  @Test
  void readsTheSameTotals() throws Exception {
    for (Map.Entry<String, byte[]> entry : profiles().entrySet()) {
      Profile profile = Profile.parse(entry.getValue());
      long[] expected = profile.sampleCount() == 0 ? new long[0] : profile.totals();
      assertThat(rawTotals(entry.getValue())).as(entry.getKey()).isEqualTo(expected);
    }
  }

  @Test
  void topIsTheSameAfterRepair() throws Exception {
    int compared = 0;
    for (Map.Entry<String, byte[]> entry : profiles().entrySet()) {
      byte[] body = entry.getValue();
      byte[] repaired = Repair.repair(body).bytes();
      Profile profile = Profile.parse(body);
      if (repaired == body || profile.sampleCount() == 0) {
        continue;
      }
      for (int i = 0; i < profile.sampleTypes().size(); i++) {
        assertThat(top(repaired, i)).as("%s, column %d", entry.getKey(), i).isEqualTo(top(body, i));
        compared++;
      }
    }
    assertThat(compared).isPositive();
  }

  /** Repair may rename a type and its unit, which all values then show. */
  private static List<String> top(byte[] body, int column) throws Exception {
    return pprof("-top", "-nodecount=1000000", "-sample_index=" + column, file(body))
        .lines()
        .takeWhile(line -> !line.startsWith("--- stderr"))
        .filter(line -> !line.startsWith("Type:"))
        .map(line -> line.replaceAll("[^ -.0-~]", "_"))
        .toList();
  }

  @Test
  void topNamesWhatOursNames() throws Exception {
    byte[] cpu = made("cpu");
    Top top = Top.of(Profile.parse(cpu), 0);
    Map<String, Long> ours = new LinkedHashMap<>();
    top.rows(Top.Order.FLAT).forEach(r -> ours.merge(r.function(), r.flat(), Long::sum));
    ours.values().removeIf(flat -> flat == 0);
    Map<String, Long> theirs = new LinkedHashMap<>();
    Matcher row =
        Pattern.compile("^ *(\\d+) +[\\d.]+% +[\\d.]+% +\\d+ +[\\d.]+%  (.*)$", Pattern.MULTILINE)
            .matcher(
                pprof(
                    "-top", "-sample_index=0", "-nodecount=100000", "-nodefraction=0", file(cpu)));
    while (row.find()) {
      theirs.merge(row.group(2).replace(" (inline)", ""), Long.valueOf(row.group(1)), Long::sum);
    }
    theirs.values().removeIf(flat -> flat == 0);
    assertThat(ours).isEqualTo(theirs).isNotEmpty();
  }

  @Test
  void readsLabelsThatGoWrote() throws Exception {
    Profile cpu = Profile.parse(made("cpu"));
    assertThat(
            cpu.samples().stream()
                .flatMap(s -> s.labels().stream())
                .filter(l -> l.key().equals("route"))
                .map(SampleLabel::text)
                .collect(Collectors.toSet()))
        .isSubsetOf("/r0", "/r1", "/r2", "/r3")
        .isNotEmpty();
    assertThat(cpu.samples().stream().flatMap(s -> s.labels().stream()).map(SampleLabel::text))
        .contains("ä");
  }

  /** Runs {@code go tool pprof -proto} and returns the profile it wrote. */
  private static Profile proto(String... arguments) throws Exception {
    Path out = Files.createTempFile(directory, "written", ".pb.gz");
    List<String> all = new ArrayList<>(List.of("-proto", "-output=" + out));
    all.addAll(List.of(arguments));
    pprof(all.toArray(String[]::new));
    return Profile.parse(Files.readAllBytes(out));
  }

  @Test
  void takesTheSameDifferencesOfCounters() throws Exception {
    for (String name : new String[] {"heap", "allocs", "block", "mutex"}) {
      byte[] before = made(name + ".before");
      byte[] after = made(name + ".after");
      DeltaState state = DeltaState.create();
      state.advance(before, LIMITS);
      DeltaState.Outcome outcome = state.advance(after, LIMITS);
      assertThat(outcome).as(name).isInstanceOf(DeltaState.Outcome.Delta.class);
      Profile ours = Profile.parse(((DeltaState.Outcome.Delta) outcome).bytes());
      Profile theirs = proto("-base=" + file(before), file(after));
      Profile last = Profile.parse(after);
      for (int i = 0; i < ours.sampleTypes().size(); i++) {
        boolean counts = DeltaState.isCumulative(ours.sampleTypes().get(i));
        assertThat(Meaning.of(ours, i))
            .as("%s, column %d", name, i)
            .isEqualTo(Meaning.of(counts ? theirs : last, i));
      }
      assertThat(Meaning.of(Profile.parse(Diff.between(Profile.parse(before), last)), 0))
          .as("diff of %s", name)
          .isEqualTo(Meaning.of(theirs, 0));
    }
  }

  @Test
  void mergesToTheSame() throws Exception {
    for (String name : new String[] {"heap", "block", "goroutine"}) {
      byte[] before = made(name + ".before");
      byte[] after = made(name + ".after");
      Profile ours =
          Profile.parse(
              Merge.create().add(Profile.parse(before)).add(Profile.parse(after)).build());
      Profile theirs = proto(file(before), file(after));
      assertThat(ours.totals()).as(name).isEqualTo(theirs.totals());
      for (int i = 0; i < ours.sampleTypes().size(); i++) {
        assertThat(Meaning.of(ours, i)).as(name).isEqualTo(Meaning.of(theirs, i));
      }
      assertThat(ours.durationNanos()).isEqualTo(theirs.durationNanos());
    }
  }

  @Test
  void showsTheDefaultSampleTypeFirst() throws Exception {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("cpu", "nanoseconds");
    profile.sampleType("samples", "count");
    int main = profile.location(0, 0, profile.function("main", "", "", 0), 0);
    profile.sample(new int[] {main}, 0, 1, ProfileBuilder.NO_LABELS, 7, 1);
    assertThat(pprof("-top", file(profile.build()))).contains("Type: samples");
    profile.defaultSampleType("cpu");
    byte[] cpuFirst = profile.build();
    assertThat(pprof("-top", file(cpuFirst))).contains("Type: cpu").contains("7ns");
    byte[] repaired = Repair.repair(RawPprof.concat(InputTest.unzip(cpuFirst))).bytes();
    assertThat(pprof("-top", file(repaired))).contains("Type: cpu");
  }

  @Test
  void readsWhatFilteringAndBuildingWrite() throws Exception {
    byte[] heap = made("heap.after");
    Profile whole = Profile.parse(heap);
    for (int i = 0; i < whole.sampleTypes().size(); i++) {
      byte[] one = KeepSampleTypes.of(List.of(whole.sampleTypes().get(i))).apply(heap, LIMITS);
      assertThat(rawTotals(one)).containsExactly(whole.total(i));
      String theirs = pprof("-top", "-nodecount=1000000", file(one));
      assertThat(theirs)
          .contains(
              pprof("-top", "-nodecount=1000000", "-sample_index=" + i, file(heap))
                  .lines()
                  .filter(line -> line.contains("% of "))
                  .findFirst()
                  .orElseThrow());
    }
    Profile service = ProfileSamples.service(2_000, 5, 30);
    byte[] built = Merge.create().add(service).build();
    assertThat(rawTotals(built)).isEqualTo(service.totals());
  }
}
