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

  private static final int MAX_PRINTED_CHARS = 500;

  /** Returns whether this is a number and no text. */
  public boolean isNumber() {
    return text.isEmpty();
  }

  private static String shortened(String name) {
    return name.length() <= MAX_PRINTED_CHARS ? name : name.substring(0, MAX_PRINTED_CHARS) + "…";
  }

  /** Returns {@code key:value}, with the unit in brackets where there is one. */
  @Override
  public String toString() {
    if (!isNumber()) {
      return shortened(key) + ":" + shortened(text);
    }
    return shortened(key) + ":" + number + (unit.isEmpty() ? "" : " [" + shortened(unit) + "]");
  }
}
