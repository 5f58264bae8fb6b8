package dev.psc.scrape.settings;

/**
 * A problem of a configuration, with its position. Immutable.
 *
 * @param source the name of the file or of another source
 * @param line counted from 1, or 0 if unknown
 * @param column counted from 1, or 0 if unknown
 * @param path where in the tree, e.g. {@code scrape_configs[2].relabel_configs[0].regex}; empty for
 *     the root
 * @param message the problem and its remedy, without secrets
 */
public record ConfigProblem(String source, int line, int column, String path, String message) {

  /** Returns {@code source:line:column: path: message}, without the parts that are not known. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    if (!source.isEmpty()) {
      text.append(source);
      if (line > 0) {
        text.append(':').append(line).append(':').append(column);
      }
      text.append(": ");
    }
    if (!path.isEmpty()) {
      text.append(path).append(": ");
    }
    return text.append(message).toString();
  }
}
