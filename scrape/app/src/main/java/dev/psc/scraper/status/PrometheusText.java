package dev.psc.scraper.status;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A writer of Prometheus' text exposition format 0.0.4. It groups the samples of a metric, whatever
 * the order of the calls. Not thread-safe.
 */
public final class PrometheusText {

  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  private final Map<String, StringBuilder> families = new LinkedHashMap<>();

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

  /**
   * Writes a histogram.
   *
   * @param bounds the upper bounds of the buckets
   * @param counts the observations in each bucket alone, and one more number: those above all
   *     bounds
   */
  PrometheusText histogram(String name, String help, double sum, double[] bounds, long[] counts) {
    long below = 0;
    for (int i = 0; i < counts.length; i++) {
      below += counts[i];
      String bound = i < bounds.length ? Double.toString(bounds[i]) : "+Inf";
      sample(name, "histogram", help, name + "_bucket", (double) below, "le", bound);
    }
    sample(name, "histogram", help, name + "_sum", sum);
    return sample(name, "histogram", help, name + "_count", (double) below);
  }

  private PrometheusText sample(
      String family, String type, String help, String name, double value, String... labels) {
    StringBuilder out =
        families.computeIfAbsent(
            family,
            f ->
                new StringBuilder(256)
                    .append("# HELP %s %s\n".formatted(f, help.replace("\n", " ")))
                    .append("# TYPE %s %s\n".formatted(f, type)));
    out.append(name);
    for (int i = 0; i < labels.length; i += 2) {
      out.append(i == 0 ? '{' : ',').append(labels[i]).append("=\"");
      escape(out, labels[i + 1]);
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

  private static void escape(StringBuilder out, String value) {
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
    return String.join("", families.values());
  }
}
