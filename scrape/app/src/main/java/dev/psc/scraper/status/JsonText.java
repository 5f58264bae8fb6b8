package dev.psc.scraper.status;

import dev.psc.label.Label;
import dev.psc.label.LabelSet;
import dev.psc.net.Json;
import java.util.List;

/** A writer of JSON straight into one text, without a document of maps. Not thread-safe. */
final class JsonText {

  /** The characters of a value that are shown where only a short form is. */
  private static final int SHORT = 300;

  private final StringBuilder out = new StringBuilder(16 << 10);
  private boolean comma;

  JsonText open(char bracket) {
    separate();
    out.append(bracket);
    comma = false;
    return this;
  }

  JsonText close(char bracket) {
    out.append(bracket);
    comma = true;
    return this;
  }

  JsonText key(String name) {
    separate();
    Json.quote(out, name);
    out.append(':');
    comma = false;
    return this;
  }

  JsonText value(String text) {
    separate();
    Json.quote(out, text);
    comma = true;
    return this;
  }

  JsonText value(long number) {
    separate();
    out.append(number);
    comma = true;
    return this;
  }

  JsonText value(boolean truth) {
    separate();
    out.append(truth);
    comma = true;
    return this;
  }

  JsonText put(String name, String text) {
    return key(name).value(text);
  }

  JsonText put(String name, long number) {
    return key(name).value(number);
  }

  JsonText put(String name, boolean truth) {
    return key(name).value(truth);
  }

  JsonText texts(String name, List<String> texts) {
    key(name).open('[');
    texts.forEach(this::value);
    return close(']');
  }

  /** Writes labels as an object, with long values cut. */
  JsonText labels(String name, LabelSet labels) {
    key(name).open('{');
    for (Label label : labels) {
      put(label.name(), shortened(label.value()));
    }
    return close('}');
  }

  static String shortened(String text) {
    return text.length() <= SHORT ? text : text.substring(0, SHORT) + "…";
  }

  int length() {
    return out.length();
  }

  private void separate() {
    if (comma) {
      out.append(',');
    }
    comma = false;
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
