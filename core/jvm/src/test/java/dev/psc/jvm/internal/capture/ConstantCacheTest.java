package dev.psc.jvm.internal.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Remembering what was learned of the JDK's constants. */
class ConstantCacheTest {

  private final List<Object> learned = new ArrayList<>();

  private String learn(Object constant) {
    learned.add(constant);
    return "number " + learned.size();
  }

  @Test
  void learnsAConstantOnce() {
    ConstantCache<Object, String> cache = new ConstantCache<>(10);
    Object constant = new Object();
    assertThat(cache.get(constant, this::learn)).isEqualTo("number 1");
    assertThat(cache.get(constant, this::learn)).isEqualTo("number 1");
    assertThat(cache.get(new Object(), this::learn)).isEqualTo("number 2");
    cache.clear();
    assertThat(cache.get(constant, this::learn)).isEqualTo("number 3");
  }

  @Test
  void keepsNoConstantAlive() {
    ConstantCache<Object, String> cache = new ConstantCache<>(10);
    Object constant = new Object();
    assertThat(cache.get(constant, known -> "seen")).isEqualTo("seen");
    WeakReference<Object> last = new WeakReference<>(constant);
    constant = null;
    await()
        .until(
            () -> {
              System.gc();
              return last.get() == null;
            });
    assertThat(cache.get(new Object(), known -> "another")).isEqualTo("another");
  }

  @Test
  void startsAnewWhenThereAreTooMany() {
    ConstantCache<Object, String> cache = new ConstantCache<>(2);
    List<Object> constants = List.of(new Object(), new Object(), new Object());
    constants.forEach(constant -> cache.get(constant, this::learn));
    assertThat(cache.get(constants.get(2), this::learn)).isEqualTo("number 3");
    assertThat(cache.get(constants.get(0), this::learn)).isEqualTo("number 4");
  }
}
