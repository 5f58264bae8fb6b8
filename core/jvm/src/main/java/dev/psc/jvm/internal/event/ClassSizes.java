package dev.psc.jvm.internal.event;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Mean sizes of the objects of a class, learnt from buffer events: samples of allocation carry a
 * weight in bytes and no size. Those events come per byte allocated, so the mean over objects is
 * the harmonic one. Guarded by the aggregator's lock.
 */
final class ClassSizes {

  private static final int MAX_CLASSES = 16_384;

  private final Map<String, Size> byName = new HashMap<>();
  private final IdentityHashMap<JfrClass, Size> byClass = new IdentityHashMap<>();

  private static final class Size {
    private long events;
    private double reciprocals;
  }

  /** Records the size of one object of a class. */
  void learn(JfrClass type, long bytes) {
    if (bytes > 0) {
      Size size = size(type);
      size.events++;
      size.reciprocals += 1.0 / bytes;
    }
  }

  /** Returns how many objects of a class so many bytes are: at least 1, and 1 if not known. */
  long objects(JfrClass type, long bytes) {
    Size size = size(type);
    if (size.events == 0) {
      return 1;
    }
    return Math.max(1, Math.round(bytes * size.reciprocals / size.events));
  }

  void clearIdentities() {
    byClass.clear();
  }

  private Size size(JfrClass type) {
    Size size = byClass.get(type);
    if (size == null) {
      if (byClass.size() >= MAX_CLASSES) {
        byClass.clear();
      }
      if (byName.size() >= MAX_CLASSES) {
        byName.clear();
      }
      size = byName.computeIfAbsent(type.typeName(), name -> new Size());
      byClass.put(type, size);
    }
    return size;
  }
}
