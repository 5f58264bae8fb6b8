package dev.psc.jvm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The types of a chunk, from its metadata event: a table of strings, and a tree of elements whose
 * names and attributes are numbers of strings.
 */
final class JfrMetadata {

  /** The root, what it has, a class, its field, an annotation: five, and some more to come. */
  private static final int MAX_DEPTH = 16;

  private static final String TIMESPAN = "jdk.jfr.Timespan";
  private static final String UNSIGNED = "jdk.jfr.Unsigned";

  private final Map<Long, JfrType> types = new LinkedHashMap<>();

  /** A part of the description. */
  private static final class Element {
    private final String name;
    private final Map<String, String> attributes = new HashMap<>();
    private final List<Element> children = new ArrayList<>();

    private Element(String name) {
      this.name = name;
    }

    private long number(String attribute) throws IOException {
      String value = attributes.get(attribute);
      try {
        return value == null ? -1 : Long.parseLong(value);
      } catch (NumberFormatException e) {
        throw new IOException("the metadata have the " + attribute + " " + value, e);
      }
    }

    private String text(String attribute) {
      return attributes.getOrDefault(attribute, "");
    }
  }

  private JfrMetadata() {}

  /**
   * Reads a metadata event.
   *
   * @param in stands at its beginning
   */
  static JfrMetadata read(JfrInput in) throws IOException {
    in.readInt(); // size
    long event = in.readLong();
    if (event != 0) {
      throw new IOException("where the metadata should be there is an event of the type " + event);
    }
    in.readLong(); // start
    in.readLong(); // duration
    in.readLong(); // its id
    String[] strings = new String[in.readCount()];
    for (int i = 0; i < strings.length; i++) {
      String text = JfrStrings.read(in, key -> "");
      strings[i] = text == null ? "" : text;
    }
    JfrMetadata metadata = new JfrMetadata();
    Element root = element(in, strings, 0);
    List<Element> classes = new ArrayList<>();
    for (Element child : root.children) {
      if (child.name.equals("metadata")) {
        for (Element type : child.children) {
          if (type.name.equals("class")) {
            classes.add(type);
          }
        }
      }
    }
    metadata.declare(classes);
    metadata.define(classes);
    return metadata;
  }

  private static Element element(JfrInput in, String[] strings, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("the metadata are nested deeper than " + MAX_DEPTH);
    }
    Element element = new Element(strings[in.readInt()]);
    int attributes = in.readCount();
    for (int i = 0; i < attributes; i++) {
      String key = strings[in.readInt()];
      element.attributes.put(key, strings[in.readInt()]);
    }
    int children = in.readCount();
    for (int i = 0; i < children; i++) {
      element.children.add(element(in, strings, depth + 1));
    }
    return element;
  }

  private void declare(List<Element> classes) throws IOException {
    for (Element type : classes) {
      long id = type.number("id");
      types.put(id, new JfrType(id, type.text("name"), type.text("superType")));
    }
  }

  private void define(List<Element> classes) throws IOException {
    for (Element element : classes) {
      JfrType type = required(element.number("id"));
      for (Element child : element.children) {
        if (child.name.equals("field")) {
          type.add(field(child));
        }
      }
    }
  }

  private JfrType.Field field(Element element) throws IOException {
    JfrType.Field field =
        new JfrType.Field(
            element.text("name"),
            required(element.number("class")),
            element.attributes.containsKey("constantPool"),
            element.number("dimension") > 0);
    for (Element child : element.children) {
      JfrType annotation = child.name.equals("annotation") ? get(child.number("class")) : null;
      if (annotation != null && annotation.name().equals(TIMESPAN)) {
        field.timespan(child.text("value"));
      } else if (annotation != null && annotation.name().equals(UNSIGNED)) {
        field.unsigned();
      }
    }
    return field;
  }

  private JfrType required(long id) throws IOException {
    JfrType type = types.get(id);
    if (type == null) {
      throw new IOException("the metadata do not describe the type " + id);
    }
    return type;
  }

  /** Returns the type of strings, if they are described. */
  @Nullable JfrType strings() {
    for (JfrType type : types.values()) {
      if (type.kind() == JfrType.Kind.STRING) {
        return type;
      }
    }
    return null;
  }

  @Nullable JfrType get(long id) {
    return types.get(id);
  }

  Collection<JfrType> types() {
    return types.values();
  }
}
