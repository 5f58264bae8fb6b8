package dev.psc.scrape.discovery;

import dev.psc.label.LabelSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A discovery of the fixed targets of a configuration: {@code static_configs}. Immutable. */
public record StaticDiscovery(List<TargetGroup> groups) implements DiscoveryConfig {

  /** The key of a configuration. */
  public static final String KEY = "static_configs";

  /** Copies the list. */
  public StaticDiscovery {
    groups = List.copyOf(groups);
  }

  /** Returns the discovery of these {@code host:port} addresses, without labels. */
  public static StaticDiscovery of(String... addresses) {
    return of(List.of(addresses), LabelSet.empty());
  }

  /** Returns the discovery of these {@code host:port} addresses, all with the same labels. */
  public static StaticDiscovery of(List<String> addresses, LabelSet labels) {
    return new StaticDiscovery(List.of(TargetGroup.ofAddresses("0", addresses, labels)));
  }

  @Override
  public String key() {
    return KEY;
  }

  @Override
  public TargetDiscovery create(DiscoveryContext context) {
    return new TargetDiscovery() {
      @Override
      public void start(TargetSink sink) {
        sink.replace(groups);
      }

      @Override
      public void close() {
        // Nothing was started.
      }
    };
  }

  @Override
  public Map<String, Object> settings() {
    List<String> addresses = new ArrayList<>();
    Map<String, Object> labels = new LinkedHashMap<>();
    for (TargetGroup group : groups) {
      group.targets().forEach(target -> addresses.add(target.valueOf(TargetGroup.ADDRESS)));
      labels.putAll(group.labels().toMap());
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("targets", addresses);
    if (!labels.isEmpty()) {
      settings.put("labels", labels);
    }
    return settings;
  }
}
