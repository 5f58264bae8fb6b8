package dev.psc.scrape.config.internal;

import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.composer.Composer;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.scanner.StreamReader;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * A reader of YAML 1.2, and JSON as a part of it, into {@link ConfigNode}s with positions. Anchors
 * and merge keys ({@code <<}) are resolved; a duplicate key is a problem.
 */
public final class YamlNodes {

  private static final int MAX_CHARS = 64 << 20;

  private final ConfigNode.Document document;

  private YamlNodes(ConfigNode.Document document) {
    this.document = document;
  }

  /**
   * Reads a text with one document.
   *
   * @param text YAML or JSON
   * @param source names the text in messages
   * @param directory what relative paths in it are relative to
   * @param problems receives all problems, including syntax errors
   * @return the root, or nothing when the text cannot be read or holds nothing
   */
  public static Optional<ConfigNode> read(
      String text, String source, Path directory, ConfigProblems problems) {
    LoadSettings settings =
        LoadSettings.builder()
            .setLabel(source)
            .setCodePointLimit(MAX_CHARS)
            // BoundedParser limits what they expand to.
            .setMaxAliasesForCollections(Integer.MAX_VALUE)
            .setSchema(new CoreSchema())
            .build();
    try {
      Optional<Node> root =
          new Composer(
                  settings,
                  new BoundedParser(new ParserImpl(settings, new StreamReader(settings, text))))
              .getSingleNode();
      YamlNodes reader = new YamlNodes(new ConfigNode.Document(source, directory, problems));
      return root.map(node -> reader.convert(node, ""));
    } catch (MarkedYamlEngineException e) {
      Optional<Mark> mark = e.getProblemMark();
      problems.add(
          new ConfigProblem(
              source,
              mark.map(m -> m.getLine() + 1).orElse(0),
              mark.map(m -> m.getColumn() + 1).orElse(0),
              "",
              "not valid YAML: " + e.getProblem()));
    } catch (BoundedParser.TooComplexException e) {
      problems.add(
          new ConfigProblem(source, e.line(), e.column(), "", "not valid YAML: " + e.getMessage()));
    } catch (YamlEngineException unusable) {
      problems.add(new ConfigProblem(source, 0, 0, "", "not valid YAML: " + unusable.getMessage()));
    }
    return Optional.empty();
  }

  private ConfigNode convert(Node node, String path) {
    int line = node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    int column = node.getStartMark().map(mark -> mark.getColumn() + 1).orElse(0);
    if (node instanceof ScalarNode scalar) {
      return ConfigNode.scalar(document, line, column, path, kind(scalar), scalar.getValue());
    }
    if (node instanceof SequenceNode sequence) {
      List<ConfigNode> items = new ArrayList<>();
      for (Node item : sequence.getValue()) {
        items.add(convert(item, path + "[" + items.size() + "]"));
      }
      return ConfigNode.list(document, line, column, path, items);
    }
    Map<String, ConfigNode> children = new LinkedHashMap<>();
    Map<String, ConfigNode> merged = new LinkedHashMap<>();
    if (node instanceof MappingNode mapping) {
      for (NodeTuple entry : mapping.getValue()) {
        entry(entry, path, children, merged);
      }
    }
    merged.forEach(children::putIfAbsent);
    return ConfigNode.mapping(document, line, column, path, children);
  }

  private void entry(
      NodeTuple entry,
      String path,
      Map<String, ConfigNode> children,
      Map<String, ConfigNode> merged) {
    Node keyNode = entry.getKeyNode();
    int line = keyNode.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    int column = keyNode.getStartMark().map(mark -> mark.getColumn() + 1).orElse(0);
    if (!(keyNode instanceof ScalarNode scalar)) {
      problem(line, column, path, "a key must be text");
      return;
    }
    String key = scalar.getValue();
    if (key.equals("<<") && scalar.isPlain()) {
      ConfigNode value = convert(entry.getValueNode(), path);
      List<ConfigNode> sources =
          value.kind() == ConfigNode.Kind.LIST ? value.items() : List.of(value);
      sources.forEach(source -> source.entries().forEach(merged::putIfAbsent));
      return;
    }
    ConfigNode value = convert(entry.getValueNode(), ConfigNode.childPath(path, key));
    if (children.put(key, value.keyAt(line, column)) != null) {
      problem(line, column, value.path(), "duplicate key \"" + key + "\"");
    }
  }

  private void problem(int line, int column, String path, String message) {
    document.problems().add(new ConfigProblem(document.source(), line, column, path, message));
  }

  private static ConfigNode.Kind kind(ScalarNode scalar) {
    Tag tag = scalar.getTag();
    if (tag.equals(Tag.NULL)) {
      return ConfigNode.Kind.NULL;
    }
    if (tag.equals(Tag.BOOL)) {
      return ConfigNode.Kind.BOOLEAN;
    }
    return tag.equals(Tag.INT) || tag.equals(Tag.FLOAT)
        ? ConfigNode.Kind.NUMBER
        : ConfigNode.Kind.TEXT;
  }
}
