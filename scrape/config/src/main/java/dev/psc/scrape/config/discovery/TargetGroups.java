package dev.psc.scrape.config.discovery;

import dev.psc.label.LabelSet;
import dev.psc.scrape.discovery.TargetGroup;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.Fields;
import java.util.ArrayList;
import java.util.List;

/** A reader of the list of groups of files and HTTP servers: {@code [{targets, labels}]}. */
final class TargetGroups {

  private TargetGroups() {}

  /**
   * Returns the groups of a document; reports problems at its nodes.
   *
   * @param source names the document; group i is {@code source:i}
   * @param label the label that holds the source
   */
  static List<TargetGroup> read(ConfigNode root, String source, String label) {
    List<TargetGroup> groups = new ArrayList<>();
    if (root.kind() != ConfigNode.Kind.LIST) {
      root.expected("a list of groups, each with targets and labels");
      return groups;
    }
    for (ConfigNode item : root.items()) {
      if (item.kind() != ConfigNode.Kind.MAPPING) {
        item.expected("a group with targets and labels");
        continue;
      }
      groups.add(group(item, source + ":" + groups.size(), source, label));
    }
    return groups;
  }

  private static TargetGroup group(ConfigNode node, String name, String source, String label) {
    LabelSet.Builder labels = LabelSet.builder();
    List<String> addresses = new ArrayList<>();
    try (Fields fields = node.fields()) {
      for (ConfigNode item : fields.items("targets")) {
        if (item.kind() == ConfigNode.Kind.NULL) {
          item.expected("an address such as host:port");
        }
        item.text().filter(text -> !text.isEmpty()).ifPresent(addresses::add);
      }
      fields.value("labels").ifPresent(value -> labels(value, labels));
    }
    labels.set(label, source);
    return TargetGroup.ofAddresses(name, addresses, labels.build());
  }

  private static void labels(ConfigNode node, LabelSet.Builder labels) {
    node.entries()
        .forEach(
            (name, value) -> {
              if (!LabelSet.isLegalName(name)) {
                value.problem("label name \"" + name + "\" must match [a-zA-Z_][a-zA-Z0-9_]*");
                return;
              }
              value.text().ifPresent(text -> labels.set(name, text));
            });
  }
}
