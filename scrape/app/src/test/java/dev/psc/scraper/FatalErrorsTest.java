package dev.psc.scraper;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FatalErrorsTest {

  private final List<Integer> exits = new ArrayList<>();
  private final FatalErrors handler = new FatalErrors(exits::add);

  @ParameterizedTest
  @ValueSource(classes = {OutOfMemoryError.class, StackOverflowError.class, LinkageError.class})
  void anErrorThatEndsAThreadEndsTheProcess(Class<? extends Error> type) throws Exception {
    Error error = type.getDeclaredConstructor().newInstance();
    Thread thread =
        new Thread(
            () -> {
              throw error;
            });
    thread.setUncaughtExceptionHandler(handler);
    thread.start();
    thread.join();
    assertThat(exits).containsExactly(FatalErrors.EXIT_CODE);
  }

  @Test
  void anExceptionDoesNotEndTheProcess() {
    handler.uncaughtException(Thread.currentThread(), new IllegalStateException("of a pool"));
    assertThat(exits).isEmpty();
  }
}
