package dev.psc.jvm.internal.capture;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.Function;

/**
 * What was learned of the JDK's constants: stack traces, methods, classes, threads. The JDK hands
 * out the same object for the same constant of a chunk, and these objects have no equality but
 * identity, so that one look finds what was asked before. Held weakly, as each keeps its chunk's
 * constants alive, which are several kilobytes for a deep stack. Bounded. Not thread-safe.
 */
final class ConstantCache<K, V> {

  private final int most;
  private final Map<K, V> known = new WeakHashMap<>();

  /**
   * @param most how many to keep; when there are more, all are learned again
   */
  ConstantCache(int most) {
    this.most = most;
  }

  /** Returns what is known of a constant, after learning it if that is nothing. */
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
