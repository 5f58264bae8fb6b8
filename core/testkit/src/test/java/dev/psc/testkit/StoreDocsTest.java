package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.store.StoreChannels;
import dev.psc.store.StoreCheck;
import dev.psc.store.StoreCheckStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the code of psc-store's page. */
class StoreDocsTest {

  @Test
  void checkOfAStore(@TempDir Path directory) throws IOException {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().start()) {
      String address = "http://127.0.0.1:" + store.port();
      Path tokenFile = directory.resolve("token");
      Files.writeString(tokenFile, store.token().reveal());
      String project = store.project().value();
      List<StoreCheckStep> steps =
          StoreCheck.builder(() -> StoreChannels.builder(address))
              .tokenFile(tokenFile)
              .projectId(project)
              .build()
              .run();
      boolean ready = StoreCheck.allOk(steps);
      assertThat(ready).as("%s", steps).isTrue();
      assertThat(store.profileCount()).isZero();
    }
  }
}
