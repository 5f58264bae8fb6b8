package dev.psc.jvm.internal.capture;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;

/**
 * A bounded cache of values derived from the JDK's constants: stack traces, methods, classes,
 * threads. The JDK returns the same object for the same constant of a chunk, so keys are compared
 * by identity. They are held weakly, because each keeps the constants of its chunk alive, several
 * kilobytes for a deep stack. Not thread-safe.
 */
final class ConstantCache<K, V> {

  private final int most;
  private final Map<K, V> known = new WeakHashMap<>();

  /**
   * @param most the maximum number of entries; when it is exceeded, the cache is cleared
   */
  ConstantCache(int most) {
    this.most = most;
  }

  /** Returns the value of a constant, computed if absent. */
  V get(K constant, Function<K, V> learn) {
    V value = known.get(constant);
    if (value == null) {
      value = learn.apply(constant);
      if (known.size() >= most) {
        known.clear();
      }
      known.put(constant, value);
    }
    return value;
  }

  void clear() {
    known.clear();
  }
}
