package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.profile.JfrConversion;
import dev.psc.jvm.profile.JvmProfile;
import dev.psc.pprof.Frame;
import dev.psc.pprof.Profile;
import dev.psc.pprof.Sample;
import dev.psc.pprof.format.PprofLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OldObjectsTest {

  /** So large that each array is outside of allocation buffers, and is sampled. */
  private static final int BYTES = 200_000;

  @TempDir private Path directory;

  /** Holds arrays in a map, as caches do. */
  static final class Cache {
    private final Map<Integer, byte[]> entries = new HashMap<>();
  }

  private static final Cache CACHE = new Cache();
  private static final List<byte[]> LIST = new ArrayList<>();

  private static void leak() {
    for (int i = 0; i < 150; i++) {
      CACHE.entries.put(i, new byte[BYTES]);
      LIST.add(new byte[BYTES]);
    }
  }

  /** Returns the stacks of a recording; the JDK may skip samples, so there are several attempts. */
  private List<List<String>> recorded(String cutoff, Predicate<List<List<String>>> isComplete)
      throws Exception {
    List<List<String>> stacks = List.of();
    for (int i = 0; i < 20 && !isComplete.test(stacks); i++) {
      stacks = recorded(cutoff);
    }
    return stacks;
  }

  private List<List<String>> recorded(String cutoff) throws Exception {
    Path file = directory.resolve("old.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.OldObjectSample").with("cutoff", cutoff).withStackTrace();
      recording.start();
      leak();
      System.gc(); // the JDK reports what survived a collection
      recording.stop();
      recording.dump(file);
    } finally {
      CACHE.entries.clear();
      LIST.clear();
    }
    JfrConversion conversion = JfrFiles.convert(file);
    List<List<String>> stacks = new ArrayList<>();
    if (conversion.profiles().contains(JvmProfile.LEAK_SUSPECTS)) {
      Profile profile =
          Profile.parse(
              conversion.pprof(JvmProfile.LEAK_SUSPECTS).orElseThrow(), PprofLimits.defaults());
      for (Sample sample : profile.samples()) {
        stacks.add(sample.stack().stream().map(Frame::function).toList());
      }
    }
    return stacks;
  }

  @Test
  void namesTheFieldThatHoldsAnArrayWhereThePathIsRecorded() throws Exception {
    String leak = OldObjectsTest.class.getName() + ".leak";
    List<String> inCache = List.of("held by " + Cache.class.getName() + ".entries", "byte[]", leak);
    List<String> inList =
        List.of("held by " + OldObjectsTest.class.getName() + ".LIST", "byte[]", leak);
    List<List<String>> stacks =
        recorded("infinity", all -> begin(all).containsAll(List.of(inCache, inList)));
    assertThat(begin(stacks)).contains(inCache, inList);
  }

  private static List<List<String>> begin(List<List<String>> stacks) {
    return stacks.stream().map(stack -> stack.subList(0, Math.min(3, stack.size()))).toList();
  }

  @Test
  void hasTheClassAloneWhereItIsNot() throws Exception {
    assertThat(
            recorded("0 ns", all -> all.stream().anyMatch(stack -> stack.get(0).equals("byte[]"))))
        .anySatisfy(stack -> assertThat(stack).startsWith("byte[]"))
        .noneMatch(stack -> stack.get(0).startsWith("held by"));
  }
}
