package dev.psc.testkit;

import dev.psc.pprof.Profile;
import dev.psc.pprof.format.PprofException;
import dev.psc.pprof.report.FlameGraph;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A writer of flame graphs: the newest profile of each series, as {@code PROJECT/PROFILE NAME/HASH
 * OF THE LABELS.html}, and an {@code index.html} with links to all of them.
 */
final class StoreFlameGraphs {

  private static final String HEAD =
      """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="refresh" content="10">
      <title>Profiles</title>
      <style>
      :root { color-scheme: light dark; }
      body { font: 14px system-ui, sans-serif; margin: 2em; }
      td, th { text-align: left; padding: .3em 1em .3em 0; vertical-align: top; }
      td { overflow-wrap: anywhere; }
      </style>
      </head>
      <body>
      <h1>Profiles</h1>
      <table>
      <thead><tr><th>profile</th><th>labels</th><th>project</th><th>profiles</th><th>newest</th></tr></thead>
      <tbody>
      """;

  private record Series(String project, String labels) {}

  private StoreFlameGraphs() {}

  static Path write(Path root, List<StoredProfile> profiles) throws IOException {
    Map<Series, Integer> counts = new LinkedHashMap<>();
    Map<Series, StoredProfile> newest = new LinkedHashMap<>();
    for (StoredProfile profile : profiles) {
      Series series = new Series(profile.project().value(), profile.labels().toString());
      counts.merge(series, 1, Integer::sum);
      newest.merge(series, profile, (a, b) -> a.timeNanos() > b.timeNanos() ? a : b);
    }
    StringBuilder index = new StringBuilder(HEAD);
    for (Map.Entry<Series, StoredProfile> entry : newest.entrySet()) {
      StoredProfile profile = entry.getValue();
      Path directory = StoreFiles.series(root, profile.project(), profile.labels());
      Path page = directory.resolveSibling(directory.getFileName() + ".html");
      Files.createDirectories(directory.getParent());
      Files.writeString(page, page(profile));
      index
          .append("<tr><td><a href=\"")
          .append(root.toUri().relativize(page.toUri()).getRawPath())
          .append("\">")
          .append(escaped(profile.name()))
          .append("</a></td><td>")
          .append(escaped(entry.getKey().labels()))
          .append("</td><td>")
          .append(escaped(entry.getKey().project()))
          .append("</td><td>")
          .append(counts.get(entry.getKey()))
          .append("</td><td>")
          .append(time(profile.timeNanos()))
          .append("</td></tr>\n");
    }
    index.append("</tbody>\n</table>\n");
    index.append(newest.isEmpty() ? "<p>No profiles yet.</p>\n" : "").append("</body>\n</html>\n");
    Files.createDirectories(root);
    return Files.write(
        root.resolve("index.html"), index.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static String page(StoredProfile profile) {
    try {
      return FlameGraph.html(Profile.parse(profile.pprof()), profile.labels().toString());
    } catch (PprofException e) {
      throw new IllegalStateException("a stored profile cannot be parsed", e);
    }
  }

  private static String time(long nanos) {
    return Instant.ofEpochSecond(
            Math.floorDiv(nanos, 1_000_000_000L), Math.floorMod(nanos, 1_000_000_000L))
        .toString();
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
