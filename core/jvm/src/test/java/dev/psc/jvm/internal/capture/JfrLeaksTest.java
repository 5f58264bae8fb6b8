package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.jvm.internal.aggregate.PprofText;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JfrLeaksTest {

  /** So large that each array is outside of allocation buffers, and is sampled. */
  private static final int BYTES = 200_000;

  @TempDir private Path directory;

  private final Map<Integer, byte[]> entries = new HashMap<>();

  @Test
  void namesWhatHoldsAnObjectOnRequestOnly() throws Exception {
    try (JfrLeaks leaks = new JfrLeaks(directory, Duration.ZERO)) {
      leaks.start();
      String owner = "held by " + JfrLeaksTest.class.getName() + ".entries";
      String profile = "";
      for (int i = 0; i < 20 && !profile.contains(owner); i++) { // the JDK may skip samples
        leak();
        profile = PprofText.of(leaks.take(true));
      }
      assertThat(profile).contains("byte[]", owner);
      assertThat(PprofText.of(leaks.take(false))).contains("byte[]").doesNotContain("held by");
      assertThat(directory).isEmptyDirectory();
    }
  }

  private void leak() {
    for (int i = 0; i < 150; i++) {
      entries.put(i, new byte[BYTES]);
    }
    System.gc(); // the JDK reports what survived a collection
  }
}
