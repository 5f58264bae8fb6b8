package dev.psc.scrape.kubernetes;

import dev.psc.label.Label;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A pool of equal texts and labels: thousands of pods have the same label names, images and nodes.
 * It is cleared at a limit, so that it does not retain values of deleted objects. Thread-safe.
 */
final class Interner {

  private static final int MAX_ENTRIES = 20_000;

  /** Longer texts are rarely repeated. */
  private static final int MAX_LENGTH = 256;

  private final ConcurrentHashMap<String, String> texts = new ConcurrentHashMap<>();
  private final ConcurrentHashMap<Label, Label> labels = new ConcurrentHashMap<>();

  String intern(String text) {
    return text.length() > MAX_LENGTH ? text : shared(texts, text);
  }

  /** Returns the shared label of a name and value; the name is always shared. */
  Label label(String name, String value) {
    Label label = new Label(intern(name), value);
    return value.length() > MAX_LENGTH ? label : shared(labels, label);
  }

  private static <T> T shared(ConcurrentHashMap<T, T> pool, T value) {
    T known = pool.get(value);
    if (known != null) {
      return known;
    }
    if (pool.size() >= MAX_ENTRIES) {
      pool.clear();
    }
    known = pool.putIfAbsent(value, value);
    return known == null ? value : known;
  }
}
