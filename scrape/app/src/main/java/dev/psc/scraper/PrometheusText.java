package dev.psc.scraper;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Writes Prometheus' text exposition format 0.0.4. Not thread-safe. */
final class PrometheusText {

  static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final StringBuilder out = new StringBuilder(4096);
  private final Set<String> declared = new HashSet<>();

  PrometheusText counter(String name, String help, Number value, String... labels) {
    return sample(name, "counter", help, name, value.doubleValue(), labels);
  }

  PrometheusText gauge(String name, String help, Number value, String... labels) {
    return sample(name, "gauge", help, name, value.doubleValue(), labels);
  }

  /** Writes one quantile of a summary. */
  PrometheusText quantile(String name, String help, String quantile, double value) {
    return sample(name, "summary", help, name, value, "quantile", quantile);
  }

  /** Writes sum and count of a summary. */
  PrometheusText sumAndCount(String name, String help, double sum, long count, String... labels) {
    sample(name, "summary", help, name + "_sum", sum, labels);
    return sample(name, "summary", help, name + "_count", (double) count, labels);
  }

  private PrometheusText sample(
      String family, String type, String help, String name, double value, String... labels) {
    if (declared.add(family)) {
      out.append("# HELP ").append(family).append(' ').append(help.replace("\n", " ")).append('\n');
      out.append("# TYPE ").append(family).append(' ').append(type).append('\n');
    }
    out.append(name);
    for (int i = 0; i < labels.length; i += 2) {
      out.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      escape(labels[i + 1]);
      out.append('"');
    }
    if (labels.length > 0) {
      out.append('}');
    }
    out.append(' ');
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      out.append((long) value);
    } else {
      out.append(String.format(Locale.ROOT, "%.9g", value));
    }
    out.append('\n');
    return this;
  }

  private void escape(String value) {
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '"' -> out.append("\\\"");
        case '\n' -> out.append("\\n");
        default -> out.append(c);
      }
    }
  }

  @Override
  public String toString() {
    return out.toString();
  }
}
