package dev.psc.scrape.config.discovery;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.psc.scrape.settings.ConfigNode;
import dev.psc.scrape.settings.ConfigNode.Kind;
import dev.psc.scrape.settings.ConfigProblem;
import dev.psc.scrape.settings.ConfigProblems;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A reader of strict JSON into nodes, which have a path but no line. */
final class JsonNodes {

  private final ConfigNode.Document document;

  private JsonNodes(ConfigNode.Document document) {
    this.document = document;
  }

  /** Returns the root, or nothing after a syntax error was reported. */
  static Optional<ConfigNode> read(String text, String source, ConfigProblems problems) {
    JsonNodes nodes = new JsonNodes(new ConfigNode.Document(source, Path.of(""), problems));
    try (JsonReader in = new JsonReader(new StringReader(text))) {
      in.setStrictness(Strictness.STRICT);
      ConfigNode root = nodes.value(in, "");
      if (in.peek() != JsonToken.END_DOCUMENT) {
        throw new IOException("unexpected text after the end");
      }
      return Optional.of(root);
    } catch (IOException | IllegalStateException e) {
      // Gson appends a line with a link to its own help.
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      problems.add(new ConfigProblem(source, 0, 0, "", "not valid JSON: " + message));
      return Optional.empty();
    }
  }

  private ConfigNode value(JsonReader in, String path) throws IOException {
    switch (in.peek()) {
      case BEGIN_OBJECT -> {
        return object(in, path);
      }
      case BEGIN_ARRAY -> {
        List<ConfigNode> items = new ArrayList<>();
        in.beginArray();
        while (in.hasNext()) {
          items.add(value(in, path + "[" + items.size() + "]"));
        }
        in.endArray();
        return ConfigNode.list(document, 0, 0, path, items);
      }
      case STRING -> {
        return scalar(path, Kind.TEXT, in.nextString());
      }
      case NUMBER -> {
        return scalar(path, Kind.NUMBER, in.nextString());
      }
      case BOOLEAN -> {
        return scalar(path, Kind.BOOLEAN, String.valueOf(in.nextBoolean()));
      }
      default -> {
        in.nextNull();
        return scalar(path, Kind.NULL, "");
      }
    }
  }

  private ConfigNode object(JsonReader in, String path) throws IOException {
    Map<String, ConfigNode> children = new LinkedHashMap<>();
    in.beginObject();
    while (in.hasNext()) {
      String name = in.nextName();
      ConfigNode child = value(in, ConfigNode.childPath(path, name));
      if (children.put(name, child) != null) {
        child.problem("duplicate key \"" + name + "\"");
      }
    }
    in.endObject();
    return ConfigNode.mapping(document, 0, 0, path, children);
  }

  private ConfigNode scalar(String path, Kind kind, String text) {
    return ConfigNode.scalar(document, 0, 0, path, kind, text);
  }
}
