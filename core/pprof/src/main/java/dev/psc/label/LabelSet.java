package dev.psc.label;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The labels of a series or a target: sorted by name, each name once, every name legal, no value
 * empty. As in Prometheus a label with an empty value is the same as no label, so it is never kept.
 *
 * <p>Immutable and safe to share between threads. Equal sets have equal {@link #hash()} in every
 * process and release, which is what steady scrape offsets and directory names are made of.
 */
public final class LabelSet implements Iterable<Label> {

  /** The label that names the profile: {@code __name__}. */
  public static final String NAME = "__name__";

  private static final LabelSet EMPTY = new LabelSet(new Label[0]);

  private final Label[] labels;

  private LabelSet(Label[] labels) {
    this.labels = labels;
  }

  /** Returns the set without labels. */
  public static LabelSet empty() {
    return EMPTY;
  }

  /**
   * Returns the set of the given names and values.
   *
   * @param namesAndValues name, value, name, value, …
   * @throws IllegalArgumentException when the count is odd, a name is not legal, or a name is given
   *     twice
   */
  public static LabelSet of(String... namesAndValues) {
    if (namesAndValues.length % 2 != 0) {
      throw new IllegalArgumentException(
          "namesAndValues has an odd number of elements: " + namesAndValues.length);
    }
    Builder builder = builder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (builder.labels.containsKey(namesAndValues[i])) {
        throw new IllegalArgumentException("label " + namesAndValues[i] + " is given twice");
      }
      builder.set(namesAndValues[i], namesAndValues[i + 1]);
    }
    return builder.build();
  }

  /**
   * Returns the set of a map's entries.
   *
   * @throws IllegalArgumentException when a name is not legal
   */
  public static LabelSet copyOf(Map<String, String> labels) {
    Builder builder = builder();
    labels.forEach(builder::set);
    return builder.build();
  }

  /** Returns a builder without labels. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns whether a name matches {@code [a-zA-Z_][a-zA-Z0-9_]*}. */
  public static boolean isLegalName(String name) {
    if (name.isEmpty() || isDigit(name.charAt(0))) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !isDigit(c) && c != '_') {
        return false;
      }
    }
    return true;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** Returns the value of a label, or null when the set lacks it. */
  public @Nullable String get(String name) {
    int low = 0;
    int high = labels.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = labels[middle].name().compareTo(name);
      if (order == 0) {
        return labels[middle].value();
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return null;
  }

  /** Returns the value of a label, or the empty text when the set lacks it. */
  public String valueOf(String name) {
    String value = get(name);
    return value == null ? "" : value;
  }

  /** Returns whether the set has a label of this name. */
  public boolean contains(String name) {
    return get(name) != null;
  }

  /** Returns the number of labels. */
  public int size() {
    return labels.length;
  }

  /** Returns whether there are no labels. */
  public boolean isEmpty() {
    return labels.length == 0;
  }

  /** Returns the labels, sorted by name. */
  public List<Label> asList() {
    return List.of(labels);
  }

  /** Returns a mutable copy, sorted by name. */
  public Map<String, String> toMap() {
    Map<String, String> map = new TreeMap<>();
    for (Label label : labels) {
      map.put(label.name(), label.value());
    }
    return map;
  }

  /** Returns a builder that starts with these labels. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    for (Label label : labels) {
      builder.labels.put(label.name(), label);
    }
    return builder;
  }

  /** Returns these labels with one set, or without it when the value is empty. */
  public LabelSet with(String name, String value) {
    return toBuilder().set(name, value).build();
  }

  /** Returns these labels overwritten by others. */
  public LabelSet withAll(LabelSet others) {
    if (others.isEmpty()) {
      return this;
    }
    Builder builder = toBuilder();
    for (Label label : others.labels) {
      builder.labels.put(label.name(), label);
    }
    return builder.build();
  }

  /** Returns these labels without those of the given names. */
  public LabelSet without(Collection<String> names) {
    return filter(label -> !names.contains(label.name()));
  }

  /** Returns the labels that the predicate keeps. */
  public LabelSet filter(Predicate<Label> predicate) {
    List<Label> kept = new ArrayList<>(labels.length);
    for (Label label : labels) {
      if (predicate.test(label)) {
        kept.add(label);
      }
    }
    if (kept.size() == labels.length) {
      return this;
    }
    return kept.isEmpty() ? EMPTY : new LabelSet(kept.toArray(Label[]::new));
  }

  /**
   * Returns a 64-bit hash of names and values (FNV-1a over UTF-16 units with separators), the same
   * in every process.
   */
  public long hash() {
    long hash = 0xcbf29ce484222325L;
    for (Label label : labels) {
      hash = mix(hash, label.name());
      hash = mix(hash, label.value());
    }
    return hash;
  }

  private static long mix(long seed, String text) {
    long hash = seed;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      hash = (hash ^ (c & 0xff)) * 0x100000001b3L;
      hash = (hash ^ (c >>> 8)) * 0x100000001b3L;
    }
    return (hash ^ 0xffff) * 0x100000001b3L;
  }

  @Override
  public Iterator<Label> iterator() {
    return asList().iterator();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LabelSet that && Arrays.equals(labels, that.labels);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash());
  }

  /** Returns the labels as {@code {a="x", b="y"}} with quotes and backslashes escaped. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    for (Label label : labels) {
      if (text.length() > 1) {
        text.append(", ");
      }
      text.append(label.name()).append("=\"");
      String value = label.value();
      for (int i = 0; i < value.length(); i++) {
        char c = value.charAt(i);
        switch (c) {
          case '"' -> text.append("\\\"");
          case '\\' -> text.append("\\\\");
          case '\n' -> text.append("\\n");
          default -> text.append(c);
        }
      }
      text.append('"');
    }
    return text.append('}').toString();
  }

  /** Collects labels; the last value of a name wins. Not thread-safe. */
  public static final class Builder {

    // Keeps instances: thousands of sets that are made of each other share their labels.
    private final TreeMap<String, Label> labels = new TreeMap<>();

    private Builder() {}

    /**
     * Sets a label, or removes it when the value is empty.
     *
     * @throws IllegalArgumentException when the name is not legal
     */
    public Builder set(String name, String value) {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(value, "value");
      if (value.isEmpty()) {
        labels.remove(name);
        return this;
      }
      if (!isLegalName(name)) {
        throw new IllegalArgumentException(
            "label name \"" + name + "\" must match [a-zA-Z_][a-zA-Z0-9_]*");
      }
      labels.put(name, new Label(name, value));
      return this;
    }

    /** Sets a label and keeps the instance, so that sets can share it. */
    public Builder set(Label label) {
      labels.put(label.name(), label);
      return this;
    }

    /** Removes a label, if there is one of this name. */
    public Builder remove(String name) {
      labels.remove(name);
      return this;
    }

    /** Returns the value so far, or the empty text. */
    public String get(String name) {
      Label label = labels.get(name);
      return label == null ? "" : label.value();
    }

    /** Returns the set. */
    public LabelSet build() {
      if (labels.isEmpty()) {
        return EMPTY;
      }
      return new LabelSet(labels.values().toArray(Label[]::new));
    }
  }
}
