package dev.psc.jvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.psc.pprof.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

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
}
