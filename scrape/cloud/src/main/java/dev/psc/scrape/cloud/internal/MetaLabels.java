package dev.psc.scrape.cloud.internal;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A writer of the {@code __meta_*} labels of one target. Not thread-safe. */
public final class MetaLabels {

  private final String prefix;
  private final LabelSet.Builder labels;

  private MetaLabels(String prefix, LabelSet.Builder labels) {
    this.prefix = prefix;
    this.labels = labels;
  }

  /** Returns a writer whose labels begin with {@code __meta_<mechanism>_}. */
  public static MetaLabels of(String mechanism) {
    return new MetaLabels("__meta_" + mechanism + "_", LabelSet.builder());
  }

  /** Returns a writer that begins with these labels. */
  public MetaLabels copy() {
    return new MetaLabels(prefix, labels.build().toBuilder());
  }

  /** Sets one label; an empty value sets nothing. */
  public MetaLabels set(String name, String value) {
    labels.set(prefix + name, value);
    return this;
  }

  /**
   * Sets a label for each entry. Characters that are not legal in a label name become underscores;
   * of two names that become equal the later in alphabetical order wins.
   */
  public MetaLabels setAll(String namePrefix, Map<String, String> entries) {
    new TreeMap<>(entries)
        .forEach((name, value) -> labels.set(prefix + namePrefix + legal(name), value));
    return this;
  }

  /** Sets a label to a list with the separator before, between and after its elements. */
  public MetaLabels setList(String name, String separator, List<String> values) {
    return set(name, separator + String.join(separator, values) + separator);
  }

  /** Copies labels. */
  public MetaLabels setAll(LabelSet others) {
    others.forEach(labels::set);
    return this;
  }

  /** Sets a label that is not a meta label. */
  public MetaLabels setPlain(String name, String value) {
    labels.set(name, value);
    return this;
  }

  /** Sets the address and returns the labels. */
  public LabelSet at(String host, long port) {
    return at(hostPort(host, port));
  }

  /** Sets the address and returns the labels. */
  public LabelSet at(String address) {
    return labels.set(TargetGroup.ADDRESS, address).build();
  }

  /** Returns the labels. */
  public LabelSet build() {
    return labels.build();
  }

  /** Returns {@code host:port}, with brackets around an IPv6 address. */
  public static String hostPort(String host, long port) {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** Returns a name with an underscore for each character that is not legal in a label name. */
  public static String legal(String name) {
    StringBuilder legal = new StringBuilder(name.length());
    name.codePoints()
        .forEach(
            c ->
                legal.append(
                    (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                        ? (char) c
                        : '_'));
    return legal.toString();
  }
}
