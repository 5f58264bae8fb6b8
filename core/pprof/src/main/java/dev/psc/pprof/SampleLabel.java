package dev.psc.pprof;

/**
 * A label of one sample: text, or a number with a unit. Immutable.
 *
 * @param key the label's name
 * @param text the text, empty for a number
 * @param number the number, 0 for a text
 * @param unit the number's unit, empty when there is none
 */
public record SampleLabel(String key, String text, long number, String unit) {

  /** Returns whether this is a number and no text. */
  public boolean isNumber() {
    return text.isEmpty();
  }

  /** Returns {@code key:value}, with the unit in brackets where there is one. */
  @Override
  public String toString() {
    if (!isNumber()) {
      return Frame.shortened(key) + ":" + Frame.shortened(text);
    }
    return Frame.shortened(key)
        + ":"
        + number
        + (unit.isEmpty() ? "" : " [" + Frame.shortened(unit) + "]");
  }
}
