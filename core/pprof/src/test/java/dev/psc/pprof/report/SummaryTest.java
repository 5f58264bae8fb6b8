package dev.psc.pprof.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.ProfileBuilder;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.repair.Corpus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link Top} and {@link Tree}: the same sums, by function and by call path. */
class SummaryTest {

  /** main → work → work → leaf (inlined into work), and code without symbols. */
  private static Profile small() throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("samples", "count");
    profile.sampleType("cpu", "nanoseconds");
    int jvm = profile.mapping("java", "");
    int libc = profile.nativeMapping(0x1000, 0x9000, 0, "/lib/libc.so.6", "b1");
    int main = profile.location(jvm, 0, profile.function("main", "", "Main.java", 1), 3);
    int workFunction = profile.function("work", "", "Work.java", 5);
    int work = profile.location(jvm, 0, workFunction, 7);
    int leaf = profile.function("leaf", "", "Work.java", 20);
    int inlined =
        profile.inlinedLocation(jvm, 0, new int[] {leaf, workFunction}, new long[] {21, 8});
    int bare = profile.location(libc, 0x1234, 0, 0);
    profile.sample(new int[] {inlined, work, main}, 0, 3, 0, 2, 2_000_000_000L);
    profile.sample(new int[] {work, main}, 0, 2, 0, 1, 1_000_000_000L);
    profile.sample(new int[] {bare, main}, 0, 2, profile.labels("thread", "t"), 1, 500_000_000L);
    return Profile.parse(profile.build());
  }

  @Test
  void topCountsARecursiveFunctionOncePerStack() throws PprofException {
    Top top = Top.of(small(), 1);
    assertThat(top.total()).isEqualTo(3_500_000_000L);
    assertThat(top.sampleType()).isEqualTo(new SampleType("cpu", "nanoseconds"));
    assertThat(top.rows(Top.Order.FLAT))
        .containsExactly(
            new Top.Row("leaf", "Work.java", 2_000_000_000L, 2_000_000_000L),
            new Top.Row("work", "Work.java", 1_000_000_000L, 3_000_000_000L),
            new Top.Row("libc.so.6 0x1234", "/lib/libc.so.6", 500_000_000L, 500_000_000L),
            new Top.Row("main", "Main.java", 0, 3_500_000_000L));
    assertThat(top.rows(Top.Order.CUMULATIVE))
        .extracting(Top.Row::function)
        .containsExactly("main", "work", "leaf", "libc.so.6 0x1234");
    assertThat(top.rows(Top.Order.NAME)).extracting(Top.Row::function).isSorted();
  }

  @Test
  void topReadsLikeATable() throws PprofException {
    assertThat(Top.of(small(), 1).toString().lines())
        .startsWith("cpu/nanoseconds, total 3.5 s")
        .anySatisfy(line -> assertThat(line).matches(" *2 s +57.14% +2 s +57.14% +leaf"));
  }

  @Test
  void treeFollowsTheCalls() throws PprofException {
    Tree.Node root = Tree.of(small(), 0).root();
    assertThat(root.cumulative()).isEqualTo(4);
    Tree.Node main = root.children().get(0);
    assertThat(main.function()).isEqualTo("main");
    assertThat(main.flat()).isZero();
    assertThat(main.children())
        .extracting(Tree.Node::function)
        .containsExactly("work", "libc.so.6 0x1234");
    Tree.Node work = main.children().get(0);
    assertThat(work.flat()).isEqualTo(1);
    assertThat(work.cumulative()).isEqualTo(3);
    assertThat(work.file()).isEqualTo("Work.java");
    // The frame that the leaf was inlined into is the second "work" of its stack.
    assertThat(work.children().get(0).children())
        .extracting(Tree.Node::toString)
        .containsExactly("leaf[flat 2, cumulative 2]");
    assertThat(Tree.of(small(), 0).toString().lines())
        .containsExactly(
            "samples/count",
            "all  4 (100%)",
            "  main  4 (100%)",
            "    work  3 (75.00%), flat 1",
            "      work  2 (50.00%)",
            "        leaf  2 (50.00%), flat 2",
            "    libc.so.6 0x1234  1 (25.00%), flat 1");
  }

  @Test
  void refusesASampleTypeThatIsNotThere() throws PprofException {
    Profile profile = small();
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> Top.of(profile, 2));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> Tree.of(profile, -1));
  }

  /** A few kilobytes that unfold to stacks of many frames, each with all lines of a location. */
  private static Profile unfolding(int lines, int depth, int samples, String name)
      throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("n", "count");
    int[] functions = new int[lines];
    for (int i = 0; i < lines; i++) {
      functions[i] = profile.function(name + i % 3, "", "", 0);
    }
    int location = profile.inlinedLocation(0, 0, functions, new long[lines]);
    int[] stack = new int[depth];
    java.util.Arrays.fill(stack, location);
    for (int i = 0; i < samples; i++) {
      profile.sample(stack, 0, depth - i, 0, 1);
    }
    return Profile.parse(profile.build());
  }

  @Test
  void boundsEveryRenderingOfASmallProfileThatUnfolds() throws PprofException {
    for (Profile hostile :
        List.of(
            unfolding(1, 60_000, 50, "f"),
            unfolding(2_000, 2_000, 5, "f"),
            unfolding(3, 500, 50, "f".repeat(100_000)))) {
      Tree tree = Tree.of(hostile, 0);
      assertThat(tree.root().cumulative()).as("sums are whole").isEqualTo(hostile.total(0));
      assertThat(tree.toString().length()).isLessThan(5 << 20);
      assertThat(Top.of(hostile, 0).toString().length()).isLessThan(1 << 20);
      assertThat(FlameGraph.html(hostile, "t").length()).isLessThan(24 << 20);
      assertThat(hostile.toString().length()).isLessThan(1 << 10);
    }
    Profile named = unfolding(3, 500, 50, "f".repeat(100_000));
    assertThat(named.samples().toString().length()).isLessThan(2 << 20);
  }

  @Test
  void printsStacksDeeperThanItsOwn() throws PprofException {
    ProfileBuilder profile = ProfileBuilder.create();
    profile.sampleType("n", "count");
    int[] stack = new int[8_000];
    for (int i = 0; i < stack.length; i++) {
      stack[i] = profile.location(0, 0, profile.function("f" + i % 97, "", "", 0), i);
    }
    profile.sample(stack, 0, stack.length, 0, 1);
    Profile deep = Profile.parse(profile.build());
    assertThat(Tree.of(deep, 0).toString().lines()).hasSize(8_002);
    assertThat(Top.of(deep, 0).rows(Top.Order.FLAT)).hasSize(97);
  }

  static Stream<Map<String, Object>> corpus() {
    // An empty stream would be an error, and the corpus need not be there.
    Map<String, Object> none = Map.of();
    return Stream.concat(Stream.of(none), Corpus.manifest("pprof", "manifest.json").stream());
  }

  @ParameterizedTest
  @MethodSource("corpus")
  void agreesWithTheSamplesOneByOne(Map<String, Object> entry) throws PprofException {
    Profile profile =
        entry.isEmpty() ? small() : Profile.parse(Corpus.read("pprof", (String) entry.get("file")));
    for (int type = 0; type < profile.sampleTypes().size(); type++) {
      Map<List<String>, Long> flat = new HashMap<>();
      for (Sample sample : profile.samples()) {
        Frame leaf = sample.stack().get(0);
        if (!leaf.function().isEmpty()) {
          flat.merge(List.of(leaf.function(), leaf.file()), sample.value(type), Long::sum);
        }
      }
      Top top = Top.of(profile, type);
      assertThat(top.total()).isEqualTo(profile.total(type));
      Map<List<String>, Long> summed = new HashMap<>();
      top.rows(Top.Order.FLAT)
          .forEach(row -> summed.put(List.of(row.function(), row.file()), row.flat()));
      flat.forEach(
          (function, value) -> assertThat(summed.getOrDefault(function, 0L)).isEqualTo(value));
    }
  }
}
