package dev.psc.scraper.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Isolated("its uncaught errors would fail tests that wait next to it")
class ConfigWatchTest {

  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(
      classes = {StackOverflowError.class, LinkageError.class, IllegalStateException.class})
  void noticesTheNextChangeAfterAFailure(Class<? extends Throwable> type) throws Exception {
    Path file = Files.writeString(directory.resolve("scraper.yaml"), "a: 1\n");
    AtomicInteger changes = new AtomicInteger();
    try (ConfigWatch watch =
        ConfigWatch.start(
            file,
            () -> {
              if (changes.incrementAndGet() == 1) {
                fail(type);
              }
            })) {
      assertThat(watch).isNotNull();
      Files.writeString(file, "a: 2\n");
      await()
          .dontCatchUncaughtExceptions()
          .atMost(Duration.ofSeconds(30))
          .until(() -> changes.get() == 1);
      Files.writeString(file, "a: 3\n");
      await()
          .dontCatchUncaughtExceptions()
          .atMost(Duration.ofSeconds(30))
          .until(() -> changes.get() == 2);
    }
  }

  private static void fail(Class<? extends Throwable> type) {
    try {
      Throwable failure = type.getDeclaredConstructor().newInstance();
      if (failure instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) failure;
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
