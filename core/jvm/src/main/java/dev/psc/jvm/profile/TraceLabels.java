package dev.psc.jvm.profile;

import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The names of the labels by which samples refer to traces. An empty name leaves the label out.
 * Immutable.
 */
public final class TraceLabels {

  private final String traceId;
  private final String spanId;
  private final String rootSpanId;
  private final String rootName;
  private final boolean decimal;

  private TraceLabels(
      String traceId, String spanId, String rootSpanId, String rootName, boolean decimal) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.rootSpanId = rootSpanId;
    this.rootName = rootName;
    this.decimal = decimal;
  }

  /**
   * Returns {@code trace_id} and {@code span_id} as hex digits, and {@code span_name} for the name
   * of the local root span: the default, for Parca, Polar Signals and OTLP.
   */
  public static TraceLabels openTelemetry() {
    return new TraceLabels("trace_id", "span_id", "", "span_name", false);
  }

  /**
   * Returns the names of Grafana Pyroscope: {@code profile_id} for the local root span (the span
   * itself if the root is unknown) and {@code span_name} for its name.
   */
  public static TraceLabels pyroscope() {
    return new TraceLabels("", "", "profile_id", "span_name", false);
  }

  /**
   * Returns the names of Datadog: {@code span id} and {@code local root span id} as decimal
   * numbers, and {@code trace endpoint} for the name of the local root span.
   */
  public static TraceLabels datadog() {
    return new TraceLabels("", "span id", "local root span id", "trace endpoint", true);
  }

  /**
   * Returns names of your choice, for ids as hex digits.
   *
   * @param traceId the label of the trace id
   * @param spanId the label of the span id
   * @param rootName the label of the name of the local root span
   * @throws IllegalArgumentException if a name is neither empty nor a legal name of a label
   */
  public static TraceLabels of(String traceId, String spanId, String rootName) {
    for (String name : List.of(traceId, spanId, rootName)) {
      if (!name.isEmpty()) {
        Objects.requireNonNull(LabelSet.of(name, "value")); // throws for an illegal name
      }
    }
    return new TraceLabels(traceId, spanId, "", rootName, false);
  }

  /**
   * Returns the preset of a name, or three names.
   *
   * @param text {@code opentelemetry}, {@code pyroscope}, {@code datadog}, or {@code
   *     TRACE_ID,SPAN_ID,ROOT_NAME}
   * @throws IllegalArgumentException for any other text
   */
  public static TraceLabels parse(String text) {
    String given = text.trim();
    return switch (given) {
      case "opentelemetry" -> openTelemetry();
      case "pyroscope" -> pyroscope();
      case "datadog" -> datadog();
      default -> parseNames(text, given);
    };
  }

  private static TraceLabels parseNames(String text, String given) {
    String[] names = given.split(",", -1);
    if (names.length != 3) {
      throw new IllegalArgumentException(
          "trace labels must be opentelemetry, pyroscope, datadog, or three names separated by"
              + " commas, but were "
              + text);
    }
    return of(names[0].trim(), names[1].trim(), names[2].trim());
  }

  /** Returns alternating names and values of the labels of a sample. */
  public List<String> pairs(TraceContext context) {
    List<String> pairs = new ArrayList<>();
    long root = context.rootSpanId() == 0 ? context.spanId() : context.rootSpanId();
    add(pairs, traceId, context.traceId());
    add(pairs, spanId, id(context.spanId()));
    add(pairs, rootSpanId, id(root));
    String name = context.rootName();
    add(pairs, rootName, name == null ? "" : name);
    return pairs;
  }

  private String id(long id) {
    return decimal ? Long.toUnsignedString(id) : TraceContext.hex(id);
  }

  private static void add(List<String> pairs, String name, String value) {
    if (!name.isEmpty() && !value.isEmpty()) {
      pairs.add(name);
      pairs.add(value);
    }
  }
}
