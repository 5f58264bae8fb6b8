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
      for (int i = 0; i < 150; i++) {
        entries.put(i, new byte[BYTES]);
      }
      System.gc(); // the JDK reports what survived a collection
      String owner = "held by " + JfrLeaksTest.class.getName() + ".entries";
      assertThat(PprofText.of(leaks.take(true))).contains("byte[]", owner);
      assertThat(PprofText.of(leaks.take(false))).contains("byte[]").doesNotContain("held by");
      assertThat(directory).isEmptyDirectory();
    }
  }
}
