package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.delivery.spi.ProfileReceiver;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import jdk.jfr.Recording;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of the README. */
class JvmDocsTest {

  private final List<String> sold = new ArrayList<>();

  private void checkout(String cart) {
    sold.add(cart);
  }

  @Test
  void labels() {
    String cart = "eggs";
    ProfileLabels.run(LabelSet.of("route", "/checkout"), () -> checkout(cart));
    ExecutorService workers = ProfileLabels.wrapExecutor(Executors.newFixedThreadPool(8));
    workers.shutdown();
    assertThat(workers.isShutdown()).isTrue();
    assertThat(sold).containsExactly("eggs");
  }

  @Test
  void files(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ThreadStart");
      recording.start();
      Thread thread = new Thread(() -> checkout("eggs"));
      thread.start();
      thread.join();
      recording.stop();
      recording.dump(file);
    }
    List<RawProfile> sent = new ArrayList<>();
    ProfileReceiver receiver =
        profile -> {
          sent.add(profile);
          return new Acceptance.Accepted();
        };
    for (RawProfile profile : JfrFiles.convert(file).profiles(LabelSet.of("job", "checkout"))) {
      receiver.accept(profile);
    }
    assertThat(sent).anyMatch(profile -> profile.name().equals("threadcreate"));
  }
}
