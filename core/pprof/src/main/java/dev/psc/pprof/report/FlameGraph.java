package dev.psc.pprof.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.psc.pprof.Diff;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;

/**
 * A flame graph of a profile as one self-contained HTML page: no network, no library, no font.
 *
 * <p>The page has a choice of sample types, search, zoom, flat and cumulative values with units, a
 * table of functions, callers and callees of a function, filters by package and by label, light and
 * dark colours, and is reached by keyboard alone. A content security policy in it allows its own
 * script and nothing else, and every text of the profile is data to it, never markup.
 *
 * <p>Of very large profiles the {@value FlameGraph#MAX_NODES} heaviest frames are drawn; the page
 * says how many were left out, and sums are those of the whole profile. A profile with negative
 * values, which a {@link Diff} has, is drawn by absolute size, with growth in red and decline in
 * blue.
 */
public final class FlameGraph {

  public static final int MAX_NODES = 50_000;
  static final int MAX_FUNCTIONS = 1_000;

  private FlameGraph() {}

  /**
   * Returns the page.
   *
   * @param profile the profile to draw
   * @param title the heading, any text
   */
  public static String html(Profile profile, String title) {
    Objects.requireNonNull(title, "title");
    return page(title, FlameGraphData.of(profile, false).toJson());
  }

  /**
   * Returns the page of the difference of two profiles of one type, as {@link Diff} has it: growth
   * in red, decline in blue, with a legend.
   *
   * @param before the profile to compare with
   * @param after the profile that is described
   * @param title the heading, any text
   * @throws IllegalArgumentException if their sample types or period types differ
   */
  public static String difference(Profile before, Profile after, String title) {
    Objects.requireNonNull(title, "title");
    try {
      Profile difference = Profile.parse(Diff.between(before, after));
      return page(title, FlameGraphData.of(difference, true).toJson());
    } catch (PprofException e) {
      throw new IllegalStateException("the difference of two profiles cannot be read", e);
    }
  }

  static String page(String title, String json) {
    String script = resource("flamegraph.js");
    String style = resource("flamegraph.css");
    String template = resource("flamegraph.html");
    StringBuilder page = new StringBuilder(template.length() + script.length() + json.length());
    int at = 0;
    // One pass over the template: a text that looks like a placeholder is never replaced.
    for (int open = template.indexOf("{{"); open >= 0; open = template.indexOf("{{", at)) {
      int close = template.indexOf("}}", open);
      page.append(template, at, open);
      String placeholder = template.substring(open + 2, close);
      page.append(
          switch (placeholder) {
            case "title" -> escaped(title);
            case "policy" -> policy(script, style);
            case "style" -> style;
            case "script" -> script;
            case "data" -> json;
            default -> throw new IllegalStateException("unknown placeholder " + placeholder);
          });
      at = close + 2;
    }
    return page.append(template, at, template.length()).toString();
  }

  /**
   * Returns the Content-Security-Policy of the pages, which contain it too: a server that sends one
   * has to permit the same script and style.
   */
  public static String policy() {
    return policy(resource("flamegraph.js"), resource("flamegraph.css"));
  }

  private static String policy(String script, String style) {
    return "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; script-src '"
        + digest(script)
        + "'; style-src '"
        + digest(style)
        + "'";
  }

  private static String digest(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String escaped(String text) {
    StringBuilder html = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> html.append("&amp;");
        case '<' -> html.append("&lt;");
        case '>' -> html.append("&gt;");
        case '"' -> html.append("&quot;");
        case '\'' -> html.append("&#39;");
        default -> html.append(c);
      }
    }
    return html.toString();
  }

  private static String resource(String name) {
    try (InputStream in = FlameGraph.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the jar of psc-pprof");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + name, e);
    }
  }

  /** Returns time and duration in words, as far as they are known. */
  static List<String> about(long timeNanos, long durationNanos) {
    List<String> about = new ArrayList<>();
    if (timeNanos > 0) {
      Instant time = Instant.ofEpochSecond(timeNanos / 1_000_000_000L);
      about.add(time.toString().replace('T', ' ').replace("Z", " UTC"));
    }
    if (durationNanos > 0) {
      about.add("over " + Quantity.format(durationNanos, "ns"));
    }
    return about;
  }
}
