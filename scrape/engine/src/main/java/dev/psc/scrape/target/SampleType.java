package dev.psc.scrape.target;

/**
 * A column of a profile.
 *
 * @param type e.g. {@code inuse_space}
 * @param unit e.g. {@code bytes}
 */
public record SampleType(String type, String unit) {

  @Override
  public String toString() {
    return type + "/" + unit;
  }
}
