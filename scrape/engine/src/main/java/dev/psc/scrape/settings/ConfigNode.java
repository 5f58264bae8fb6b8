package dev.psc.scrape.settings;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One value of a configuration: a mapping, a list, a scalar or nothing. It has a position and
 * collects the problems that its readers report; no reader throws.
 *
 * <p>Front ends build nodes with a {@link Document}; readers start with {@link #fields()} or {@link
 * #items()}. Not thread-safe.
 */
public final class ConfigNode {

  private static final Set<String> YES = Set.of("y", "Y", "yes", "on");
  private static final Set<String> NO = Set.of("n", "N", "no", "off");

  /** The kind of a node. */
  public enum Kind {
    /** Names with values. */
    MAPPING("a mapping"),
    /** A list of values. */
    LIST("a list"),
    /** Text, quoted or not. */
    TEXT("text"),
    /** A number that was not quoted. */
    NUMBER("a number"),
    /** {@code true} or {@code false}, not quoted. */
    BOOLEAN("true or false"),
    /** No value. */
    NULL("nothing");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  /**
   * The common context of the nodes of one file.
   *
   * @param source the file's name, for messages
   * @param directory what relative paths are relative to
   * @param problems receives the problems
   */
  public record Document(String source, Path directory, ConfigProblems problems) {}

  private final Document document;
  private final int line;
  private final int column;
  private final String path;
  private final Kind kind;
  private final String text;
  private final Map<String, ConfigNode> children = new LinkedHashMap<>();
  private final List<ConfigNode> items = new ArrayList<>();
  private int keyLine;
  private int keyColumn;

  private ConfigNode(Document document, int line, int column, String path, Kind kind, String text) {
    this.document = document;
    this.line = line;
    this.column = column;
    this.path = path;
    this.kind = kind;
    this.text = text;
  }

  /**
   * Returns a scalar, or nothing.
   *
   * @param line counted from 1
   * @param column counted from 1
   * @param path its path in the tree; empty for the root
   * @param kind {@link Kind#TEXT}, {@link Kind#NUMBER}, {@link Kind#BOOLEAN} or {@link Kind#NULL}
   * @param text as it is written
   */
  public static ConfigNode scalar(
      Document document, int line, int column, String path, Kind kind, String text) {
    return new ConfigNode(document, line, column, path, kind, text);
  }

  /** Returns a mapping of these values; each has its own position and path. */
  public static ConfigNode mapping(
      Document document, int line, int column, String path, Map<String, ConfigNode> children) {
    ConfigNode node = new ConfigNode(document, line, column, path, Kind.MAPPING, "");
    node.children.putAll(children);
    return node;
  }

  /** Returns a list of these values; each has its own position and path. */
  public static ConfigNode list(
      Document document, int line, int column, String path, List<ConfigNode> items) {
    ConfigNode node = new ConfigNode(document, line, column, path, Kind.LIST, "");
    node.items.addAll(items);
    return node;
  }

  /** Returns the path of a field below a path. */
  public static String childPath(String parent, String key) {
    return parent.isEmpty() ? key : parent + "." + key;
  }

  /** Sets the position of this value's key, and returns this node. */
  public ConfigNode keyAt(int line, int column) {
    keyLine = line;
    keyColumn = column;
    return this;
  }

  /** Returns the kind of this node. */
  public Kind kind() {
    return kind;
  }

  /** Returns its path in the tree, e.g. {@code scrape_configs[2].scheme}. */
  public String path() {
    return path;
  }

  /** Returns its line, counted from 1. */
  public int line() {
    return line;
  }

  /** Returns its column, counted from 1. */
  public int column() {
    return column;
  }

  /** Returns the common context of the nodes of its file. */
  public Document document() {
    return document;
  }

  /** Reports a problem of this node. */
  public void problem(String message) {
    document.problems().add(new ConfigProblem(document.source(), line, column, path, message));
  }

  /** Reports that this node is legal, but most likely a mistake. */
  public void warning(String message) {
    document.problems().warn(new ConfigProblem(document.source(), line, column, path, message));
  }

  /** Reports a problem of this value's key. */
  public void keyProblem(String message) {
    int atLine = keyLine > 0 ? keyLine : line;
    int atColumn = keyLine > 0 ? keyColumn : column;
    document.problems().add(new ConfigProblem(document.source(), atLine, atColumn, path, message));
  }

  /** Reports that this node is not what was expected. */
  public void expected(String what) {
    problem("expected " + what + ", found " + kind.words + shown());
  }

  private String shown() {
    // The text of a scalar may be a misplaced secret.
    return kind == Kind.NUMBER || kind == Kind.BOOLEAN ? " (" + text + ")" : "";
  }

  /**
   * Starts to read this node as a mapping; reports a problem if it is not one. Closing the result
   * reports the keys that were not read.
   */
  public Fields fields() {
    if (kind != Kind.MAPPING && kind != Kind.NULL) {
      expected("a mapping");
    }
    return new Fields(this, children);
  }

  /** Returns the elements of this list; reports a problem if it is not a list. */
  public List<ConfigNode> items() {
    if (kind != Kind.LIST && kind != Kind.NULL) {
      expected("a list");
    }
    return List.copyOf(items);
  }

  /** Returns the values of this mapping by key; reports a problem if it is not a mapping. */
  public Map<String, ConfigNode> entries() {
    if (kind != Kind.MAPPING && kind != Kind.NULL) {
      expected("a mapping");
    }
    return new LinkedHashMap<>(children);
  }

  /** Returns the scalar as written; reports a problem if it is not a scalar. */
  public Optional<String> text() {
    return switch (kind) {
      case TEXT, NUMBER, BOOLEAN -> Optional.of(text);
      case NULL -> Optional.empty();
      case MAPPING, LIST -> complain("text");
    };
  }

  /**
   * Returns the boolean; reports a problem if it is not one. As in Parca, the words of YAML 1.1 are
   * booleans, too: {@code y}, {@code yes}, {@code on}, {@code n}, {@code no} and {@code off}.
   */
  public Optional<Boolean> flag() {
    if (kind == Kind.NULL) {
      return Optional.empty();
    }
    if (kind == Kind.TEXT && YES.contains(text)) {
      return Optional.of(true);
    }
    if (kind == Kind.TEXT && NO.contains(text)) {
      return Optional.of(false);
    }
    return kind == Kind.BOOLEAN
        ? Optional.of(text.equalsIgnoreCase("true"))
        : complain("true or false");
  }

  /** Returns the integer; reports a problem if it is not one or out of range. */
  public Optional<Long> integer(long minimum, long maximum) {
    if (kind == Kind.NULL) {
      return Optional.empty();
    }
    if (kind != Kind.NUMBER) {
      return complain("a whole number");
    }
    try {
      long value = Long.decode(text.startsWith("0o") ? "0" + text.substring(2) : text);
      if (value >= minimum && value <= maximum) {
        return Optional.of(value);
      }
      problem("must be between " + minimum + " and " + maximum + ", but was " + text);
    } catch (NumberFormatException ignored) {
      problem("expected a whole number, found " + text);
    }
    return Optional.empty();
  }

  /** Returns the duration; reports a problem if it is not one. */
  public Optional<java.time.Duration> duration() {
    return converted("a duration such as 10s", Durations::parse);
  }

  /** Returns the size in bytes; reports a problem if it is not one. */
  public Optional<Long> sizeBytes() {
    return converted("a size such as 10MB", Sizes::parse);
  }

  /** Returns the secret; reports a problem, without showing it, if it is not a scalar. */
  public Optional<Secret> secret() {
    Optional<String> value = text();
    if (value.isPresent() && value.get().equals(Secret.PLACEHOLDER)) {
      problem(
          "is the placeholder "
              + Secret.PLACEHOLDER
              + ", not the secret itself: this configuration was printed with its secrets hidden");
    }
    return value.map(Secret::of);
  }

  /** Returns the path of a file, made absolute from the directory of the document. */
  public Optional<Path> file() {
    return converted("a path", value -> document.directory().resolve(value).normalize());
  }

  /** Returns the converted text; reports the message of the converter's exception. */
  public <T> Optional<T> converted(String what, Converter<T> converter) {
    if (kind == Kind.MAPPING || kind == Kind.LIST) {
      return complain(what);
    }
    if (kind == Kind.NULL) {
      return Optional.empty();
    }
    try {
      return Optional.of(converter.convert(text));
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      problem(message == null ? "expected " + what : message);
      return Optional.empty();
    }
  }

  private <T> Optional<T> complain(String what) {
    expected(what);
    return Optional.empty();
  }

  @Override
  public String toString() {
    return "ConfigNode[" + document.source() + ":" + line + ":" + column + " " + path + "]";
  }

  /**
   * A converter of a scalar's text.
   *
   * @param <T> the type of the value
   */
  @FunctionalInterface
  public interface Converter<T> {

    /**
     * Returns the value.
     *
     * @throws IllegalArgumentException when the text is not a valid value; the message is shown
     */
    T convert(String text);
  }
}
