package dev.psc.pprof.repair;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.SampleCursor;
import dev.psc.pprof.format.SampleType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real profiles against what google/pprof's parser says of them. */
@EnabledIf("corpusIsThere")
@NullUnmarked
class CorpusTest {

  static boolean corpusIsThere() {
    return Corpus.isThere();
  }

  record Entry(String dir, String file, Map<String, Object> facts) {
    @Override
    public String toString() {
      return dir + "/" + file;
    }
  }

  private static Stream<Entry> entries(String dir) {
    return Corpus.manifest(dir, "manifest.json").stream()
        .map(facts -> new Entry(dir, (String) facts.get("file"), facts));
  }

  static Stream<Entry> profiles() {
    return Stream.of("pprof", "delta", "legacy").flatMap(CorpusTest::entries);
  }

  @ParameterizedTest
  @MethodSource("profiles")
  void readsWhatTheReferenceReads(Entry entry) throws Exception {
    Map<String, Object> facts = entry.facts;
    Profile profile = Profile.parse(Corpus.read(entry.dir, entry.file));
    assertThat(profile.sampleTypes()).isEqualTo(types(facts.get("sample_types")));
    assertThat(Objects.requireNonNullElse(profile.periodType(), new SampleType("", "")))
        .isEqualTo(type(facts.get("period_type")));
    assertThat((long) profile.sampleCount()).isEqualTo(facts.get("samples"));
    assertThat((long) profile.locationCount()).isEqualTo(facts.get("locations"));
    assertThat((long) profile.functionCount()).isEqualTo(facts.get("functions"));
    assertThat((long) profile.mappings().size()).isEqualTo(facts.get("mappings"));
    assertThat(profile.period()).isEqualTo(facts.get("period"));
    assertThat(profile.timeNanos()).isEqualTo(facts.get("time_nanos"));
    assertThat(profile.durationNanos()).isEqualTo(facts.get("duration_nanos"));
    assertThat(profile.defaultSampleType())
        .isEqualTo(facts.getOrDefault("default_sample_type", ""));
    List<Long> totals = new ArrayList<>();
    for (long total : profile.totals()) {
      totals.add(total);
    }
    assertThat(totals).isEqualTo(facts.get("totals"));
    assertThat(labelKeys(profile, false)).isEqualTo(keys(facts.get("label_keys")));
    assertThat(labelKeys(profile, true)).isEqualTo(keys(facts.get("num_label_keys")));
    assertThat(topFlat(profile)).containsExactlyInAnyOrderElementsOf(top(facts, profile));
  }

  private static List<SampleType> types(Object list) {
    return ((List<?>) list).stream().map(CorpusTest::type).toList();
  }

  private static SampleType type(Object object) {
    Map<?, ?> map = (Map<?, ?>) object;
    return new SampleType((String) map.get("Type"), (String) map.get("Unit"));
  }

  private static Set<Object> keys(Object list) {
    return list == null ? Set.of() : new LinkedHashSet<>((List<?>) list);
  }

  private static Set<String> labelKeys(Profile profile, boolean numbers) {
    Set<String> keys = new LinkedHashSet<>();
    SampleCursor cursor = profile.cursor();
    while (cursor.next()) {
      for (int i = 0; i < cursor.labelCount(); i++) {
        if (cursor.labelText(i).isEmpty() == numbers) {
          keys.add(cursor.labelKey(i));
        }
      }
    }
    return keys;
  }

  /** The manifest names five; of those with equal values it may have picked others than we do. */
  private static List<String> top(Map<String, Object> facts, Profile profile) {
    List<String> top = new ArrayList<>();
    for (Object line : (List<?>) facts.get("top_flat_functions")) {
      top.add(((String) line).replaceAll(".* = ", ""));
    }
    assertThat(flat(profile).entrySet().stream().map(e -> e.getKey() + " = " + e.getValue()))
        .containsAll(
            ((List<?>) facts.get("top_flat_functions")).stream().map(String.class::cast).toList());
    return top;
  }

  private static List<String> topFlat(Profile profile) {
    return flat(profile).values().stream()
        .sorted(Comparator.reverseOrder())
        .limit(5)
        .map(String::valueOf)
        .toList();
  }

  private static Map<String, Long> flat(Profile profile) {
    Map<String, Long> flat = new HashMap<>();
    int column = profile.sampleTypes().size() - 1;
    for (Sample sample : profile.samples()) {
      if (sample.stack().isEmpty()) {
        continue;
      }
      Frame leaf = sample.stack().get(0);
      flat.merge(
          leaf.function().isEmpty() ? "0x" + Long.toHexString(leaf.address()) : leaf.function(),
          sample.value(column),
          Long::sum);
    }
    return flat;
  }
}
