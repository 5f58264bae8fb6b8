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

  private Profile recorded(String cutoff) throws Exception {
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
    return Profile.parse(
        conversion.pprof(JvmProfile.LEAK_SUSPECTS).orElseThrow(), PprofLimits.defaults());
  }

  private static List<List<String>> stacks(Profile profile) {
    List<List<String>> stacks = new ArrayList<>();
    for (Sample sample : profile.samples()) {
      stacks.add(sample.stack().stream().map(Frame::function).toList());
    }
    return stacks;
  }

  @Test
  void namesTheFieldThatHoldsAnArrayWhereThePathIsRecorded() throws Exception {
    String leak = OldObjectsTest.class.getName() + ".leak";
    assertThat(stacks(recorded("infinity")))
        .anySatisfy(
            stack ->
                assertThat(stack)
                    .startsWith("held by " + Cache.class.getName() + ".entries", "byte[]", leak))
        .anySatisfy(
            stack ->
                assertThat(stack)
                    .startsWith(
                        "held by " + OldObjectsTest.class.getName() + ".LIST", "byte[]", leak));
  }

  @Test
  void hasTheClassAloneWhereItIsNot() throws Exception {
    assertThat(stacks(recorded("0 ns")))
        .anySatisfy(stack -> assertThat(stack).startsWith("byte[]"))
        .noneMatch(stack -> stack.get(0).startsWith("held by"));
  }
}
