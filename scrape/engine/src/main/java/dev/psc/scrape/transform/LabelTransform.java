package dev.psc.scrape.transform;

import dev.psc.delivery.spi.ProfileTransform;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A transform that changes the labels of profiles, but not their bytes. Immutable and thread-safe.
 * Two with the same effect are equal, so that a reload recognizes an unchanged job.
 */
public final class LabelTransform implements ProfileTransform {

  private final UnaryOperator<LabelSet> change;

  /** The identity of the change, by which transforms are compared. */
  private final Object identity;

  private LabelTransform(Object identity, UnaryOperator<LabelSet> change) {
    this.change = change;
    this.identity = identity;
  }

  /**
   * Returns a transform by a function; equal only to others with the same function object.
   *
   * @param change returns the new labels; called by several threads
   */
  public static LabelTransform of(UnaryOperator<LabelSet> change) {
    return new LabelTransform(Objects.requireNonNull(change, "change"), change);
  }

  /** Returns a transform that sets labels and overwrites those that are there. */
  public static LabelTransform set(LabelSet labels) {
    return new LabelTransform(List.of("set", labels), before -> before.withAll(labels));
  }

  /**
   * Returns a transform that removes labels.
   *
   * @throws IllegalArgumentException when {@code __name__} is among them, which a store needs
   */
  public static LabelTransform drop(String... names) {
    TreeSet<String> dropped = new TreeSet<>(List.of(names));
    if (dropped.contains(LabelSet.NAME)) {
      throw new IllegalArgumentException("__name__ cannot be dropped: every store requires it");
    }
    return new LabelTransform(List.of("drop", dropped), before -> before.without(dropped));
  }

  /**
   * Returns a transform that renames labels, all in one step. Labels that a profile lacks are
   * ignored, and a new name overwrites a label of that name.
   *
   * @param names old name to new name
   * @throws IllegalArgumentException if a new name is not legal or is given twice, or if {@code
   *     __name__} would be removed
   */
  public static LabelTransform rename(Map<String, String> names) {
    Map<String, String> copy = new TreeMap<>(names);
    for (String name : copy.values()) {
      if (!LabelSet.isLegalName(name)) {
        throw new IllegalArgumentException(
            "label name \"" + name + "\" must match [a-zA-Z_][a-zA-Z0-9_]*");
      }
    }
    if (new TreeSet<>(copy.values()).size() < copy.size()) {
      throw new IllegalArgumentException("two labels would get the same new name: " + copy);
    }
    if (copy.containsKey(LabelSet.NAME) && !copy.containsValue(LabelSet.NAME)) {
      throw new IllegalArgumentException("__name__ cannot be renamed: every store requires it");
    }
    return new LabelTransform(List.of("rename", copy), before -> renamed(before, copy));
  }

  private static LabelSet renamed(LabelSet before, Map<String, String> names) {
    LabelSet.Builder after = before.toBuilder();
    names.keySet().forEach(after::remove);
    names.forEach(
        (from, to) -> {
          if (before.contains(from)) {
            after.set(to, before.valueOf(from));
          }
        });
    return after.build();
  }

  @Override
  public Result apply(RawProfile profile) {
    LabelSet after = change.apply(profile.labels());
    return new Result.Pass(
        after.equals(profile.labels()) ? profile : profile.toBuilder().labels(after).build());
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof LabelTransform that && identity.equals(that.identity);
  }

  @Override
  public int hashCode() {
    return identity.hashCode();
  }

  @Override
  public String toString() {
    return "LabelTransform" + identity;
  }
}
