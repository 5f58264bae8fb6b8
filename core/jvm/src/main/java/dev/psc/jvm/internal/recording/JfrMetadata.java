package dev.psc.jvm.internal.recording;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The types of a chunk, from its metadata event: a table of strings, and a tree of elements whose
 * names and attributes are numbers of strings.
 */
final class JfrMetadata {

  /** The root, its elements, a class, its field, an annotation: five, and a reserve. */
  private static final int MAX_DEPTH = 16;

  /** Some ten thousand are usual. */
  private static final int MAX_ELEMENTS = 500_000;

  private static final String TIMESPAN = "jdk.jfr.Timespan";
  private static final String UNSIGNED = "jdk.jfr.Unsigned";

  private final Map<Long, JfrType> types = new LinkedHashMap<>();
  private @Nullable JfrType strings;
  private int elements;

  /** A part of the description. */
  private static final class Element {
    private final String name;
    private final List<String> attributes = new ArrayList<>(4); // a name, its value, and so on
    private final List<Element> children = new ArrayList<>(2);

    private Element(String name) {
      this.name = name;
    }

    private @Nullable String get(String attribute) {
      for (int i = 0; i < attributes.size(); i += 2) {
        if (attributes.get(i).equals(attribute)) {
          return attributes.get(i + 1);
        }
      }
      return null;
    }

    private long number(String attribute) throws IOException {
      String value = get(attribute);
      try {
        return value == null ? -1 : Long.parseLong(value);
      } catch (NumberFormatException e) {
        throw new IOException("the metadata have the " + attribute + " " + value, e);
      }
    }

    private String text(String attribute) {
      String value = get(attribute);
      return value == null ? "" : value;
    }
  }

  private JfrMetadata() {}

  /**
   * Reads a metadata event.
   *
   * @param in positioned at its beginning
   */
  static JfrMetadata read(JfrInput in) throws IOException {
    in.readInt(); // size
    long event = in.readLong();
    if (event != 0) {
      throw new IOException("expected the metadata, found an event of type " + event);
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
    Element root = metadata.element(in, strings, 0);
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

  private Element element(JfrInput in, String[] strings, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("the metadata are nested deeper than " + MAX_DEPTH);
    }
    if (++elements > MAX_ELEMENTS) {
      throw new IOException("the metadata have more than " + MAX_ELEMENTS + " elements");
    }
    Element element = new Element(strings[in.readInt()]);
    int attributes = in.readCount();
    for (int i = 0; i < attributes; i++) {
      element.attributes.add(strings[in.readInt()]);
      element.attributes.add(strings[in.readInt()]);
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
      JfrType declared = new JfrType(id, type.text("name"), type.text("superType"));
      types.put(id, declared);
      if (declared.kind() == JfrType.Kind.STRING) {
        strings = declared;
      }
    }
  }

  /** Adds the fields of all types; of two with one number, the last declared one counts. */
  private void define(List<Element> classes) throws IOException {
    Map<Long, Element> byId = new LinkedHashMap<>();
    for (Element element : classes) {
      byId.put(element.number("id"), element);
    }
    for (Element element : byId.values()) {
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
            element.get("constantPool") != null,
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
    return strings;
  }

  @Nullable JfrType get(long id) {
    return types.get(id);
  }

  Collection<JfrType> types() {
    return types.values();
  }
}
