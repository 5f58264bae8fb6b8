package dev.psc.label;

import java.util.Objects;

/**
 * One label of a {@link LabelSet}: a legal name and a value that is not empty. Immutable.
 *
 * @param name matches {@code [a-zA-Z_][a-zA-Z0-9_]*}
 * @param value any text, at least one character long
 */
public record Label(String name, String value) {

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException when the name is not legal or the value is empty
   */
  public Label {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, "value");
    if (!LabelSet.isLegalName(name)) {
      throw new IllegalArgumentException(
          "label name \"" + name + "\" must match [a-zA-Z_][a-zA-Z0-9_]*");
    }
    if (value.isEmpty()) {
      throw new IllegalArgumentException(
          "label " + name + " has an empty value: leave the label out instead");
    }
  }
}
