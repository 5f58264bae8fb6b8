package dev.psc.scrape.kubernetes;

import dev.psc.label.LabelSet;
import dev.psc.scrape.kubernetes.KubeObject.Meta;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** A writer of {@code __meta_kubernetes_*} labels. Thread-safe. */
final class MetaLabels {

  static final String PREFIX = "__meta_kubernetes_";

  private final Interner interner;
  private final BiConsumer<String, String> collision;

  /**
   * @param collision receives the object's key and the colliding names, when two names of an object
   *     are the same label; may be called again and again for the same
   */
  MetaLabels(Interner interner, BiConsumer<String, String> collision) {
    this.interner = interner;
    this.collision = collision;
  }

  /** Sets one label; an empty value sets nothing. */
  void set(LabelSet.Builder labels, String name, String value) {
    if (!value.isEmpty()) {
      labels.set(interner.label(PREFIX + name, value));
    }
  }

  /** Sets the labels and annotations of an object, e.g. {@code pod_label_app} for kind pod. */
  void describe(LabelSet.Builder labels, String kind, Meta meta) {
    describe(labels, kind + "_label_", kind + "_labelpresent_", meta.labels(), meta.key());
    describe(
        labels,
        kind + "_annotation_",
        kind + "_annotationpresent_",
        meta.annotations(),
        meta.key());
  }

  /** Sets two labels for each entry: its value, and that it is present. */
  void describe(
      LabelSet.Builder labels,
      String valuePrefix,
      String presentPrefix,
      Map<String, String> entries,
      String objectKey) {
    Map<String, String> originals = new HashMap<>();
    entries.forEach(
        (key, value) -> {
          String name = legal(key);
          String earlier = originals.put(name, key);
          if (earlier != null) {
            collision.accept(objectKey, earlier + " and " + key + " (" + valuePrefix + name + ")");
          }
          // The later one wins even if its value is empty.
          if (value.isEmpty()) {
            labels.remove(PREFIX + valuePrefix + name);
          } else {
            labels.set(interner.label(PREFIX + valuePrefix + name, value));
          }
          labels.set(interner.label(PREFIX + presentPrefix + name, "true"));
        });
  }

  /** Returns a name with an underscore for each character that is not legal in a label name. */
  static String legal(String name) {
    StringBuilder legal = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean allowed =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      legal.append(allowed ? c : '_');
    }
    return legal.toString();
  }
}
