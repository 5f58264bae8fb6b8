package dev.psc.scrape.settings;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A reader of the keys of one mapping that records which are known; closing it reports the others
 * with the nearest known key. A key without a value counts as not there. Not thread-safe.
 *
 * <pre>{@code
 * try (Fields fields = node.fields()) {
 *   String url = fields.requiredText("url");
 *   Duration every = fields.duration("refresh_interval").orElse(Duration.ofMinutes(1));
 * }
 * }</pre>
 */
public final class Fields implements AutoCloseable {

  private final ConfigNode node;
  private final Map<String, ConfigNode> children;
  private final Set<String> known = new TreeSet<>();

  Fields(ConfigNode node, Map<String, ConfigNode> children) {
    this.node = node;
    this.children = children;
  }

  /** Returns the mapping itself. */
  public ConfigNode node() {
    return node;
  }

  /** Returns whether a key is present with a value, and marks it as known. */
  public boolean has(String key) {
    return value(key).isPresent();
  }

  /** Returns the value of a key as it is. */
  public Optional<ConfigNode> value(String key) {
    known.add(key);
    return Optional.ofNullable(children.get(key))
        .filter(child -> child.kind() != ConfigNode.Kind.NULL);
  }

  /** Returns the text of a key. */
  public Optional<String> text(String key) {
    return value(key).flatMap(ConfigNode::text);
  }

  /** Returns the text of a key, or reports a problem and returns the empty text. */
  public String requiredText(String key) {
    Optional<String> text = text(key);
    if (text.isEmpty() || text.get().isEmpty()) {
      if (value(key).isEmpty() || text.isPresent()) {
        node.problem(key + " is required");
      }
      return "";
    }
    return text.get();
  }

  /** Returns the truth value of a key, or the default. */
  public boolean flag(String key, boolean defaultValue) {
    return value(key).flatMap(ConfigNode::flag).orElse(defaultValue);
  }

  /** Returns the whole number of a key. */
  public Optional<Long> integer(String key, long minimum, long maximum) {
    return value(key).flatMap(child -> child.integer(minimum, maximum));
  }

  /** Returns the duration of a key. */
  public Optional<Duration> duration(String key) {
    return value(key).flatMap(ConfigNode::duration);
  }

  /** Returns {@code refresh_interval}; zero is a problem, and read as the default. */
  public Duration refreshInterval(Duration defaultValue) {
    Optional<Duration> interval = duration("refresh_interval");
    if (interval.isPresent() && interval.get().isZero()) {
      value("refresh_interval")
          .ifPresent(node -> node.problem("refresh_interval must be more than 0"));
      return defaultValue;
    }
    return interval.orElse(defaultValue);
  }

  /** Returns the secret of a key. */
  public Optional<Secret> secret(String key) {
    return value(key).flatMap(ConfigNode::secret);
  }

  /** Returns the path of a key, made absolute from the directory of the document. */
  public Optional<Path> file(String key) {
    return text(key)
        .filter(text -> !text.isEmpty())
        .flatMap(text -> value(key))
        .flatMap(ConfigNode::file);
  }

  /**
   * Returns one of an enumeration's names, in any case; reports a problem that lists all of them.
   */
  public <E extends Enum<E>> Optional<E> oneOf(String key, Class<E> type) {
    return value(key)
        .flatMap(
            child ->
                child.converted(
                    "text",
                    text -> {
                      List<String> names = new ArrayList<>();
                      for (E constant : type.getEnumConstants()) {
                        if (constant
                            .name()
                            .replace("_", "")
                            .equalsIgnoreCase(text.replace("_", ""))) {
                          return constant;
                        }
                        names.add(constant.name().replace("_", "").toLowerCase(Locale.ROOT));
                      }
                      throw new IllegalArgumentException(
                          "unknown value \"" + text + "\"; use one of " + String.join(", ", names));
                    }));
  }

  /** Returns the elements of a key's list; reports a problem if it is not a list. */
  public List<ConfigNode> items(String key) {
    return value(key).map(ConfigNode::items).orElse(List.of());
  }

  /** Returns the texts of a key's list. */
  public List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (ConfigNode item : items(key)) {
      if (item.kind() == ConfigNode.Kind.NULL) {
        item.expected("text");
      }
      item.text().ifPresent(texts::add);
    }
    return texts;
  }

  /** Returns the texts of a key's mapping, in their order. */
  public Map<String, String> textMap(String key) {
    Map<String, String> texts = new LinkedHashMap<>();
    value(key)
        .ifPresent(
            child ->
                child.entries().forEach((name, value) -> texts.put(name, value.text().orElse(""))));
    return texts;
  }

  /** Marks keys as known that are read elsewhere or ignored on purpose. */
  public void allow(Iterable<String> keys) {
    keys.forEach(known::add);
  }

  /** Reports unknown keys. */
  @Override
  public void close() {
    children.forEach(
        (key, child) -> {
          if (!known.contains(key)) {
            child.keyProblem(
                "unknown key \""
                    + key
                    + "\""
                    + Nearest.of(key, known)
                        .map(near -> "; did you mean \"" + near + "\"?")
                        .orElse("; known keys: " + String.join(", ", known)));
          }
        });
  }
}
