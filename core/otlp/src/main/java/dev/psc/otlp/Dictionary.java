package dev.psc.otlp;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The tables that all profiles of a request share: {@code ProfilesDictionary} of the protocol. Not
 * thread-safe.
 */
final class Dictionary {

  private static final int TEXT = 0;
  private static final int NUMBER = 1;
  private static final int TRUE = 2;
  private static final int TEXTS = 3;

  private final Map<String, Integer> strings = new HashMap<>();
  private final List<String> stringList = new ArrayList<>();
  private final List<List<String>> lists = new ArrayList<>();

  /** Memory start and limit, offset, file, attributes… */
  final TupleTable mappings = new TupleTable(0, 0, 0, 0);

  /** Name, system name, file, start line. */
  final TupleTable functions = new TupleTable(0, 0, 0, 0);

  /** Mapping, address, and function, line and column of each line. */
  final TupleTable locations = new TupleTable(0, 0);

  /** Locations, the innermost first. */
  final TupleTable stacks = new TupleTable();

  /** Trace id in two parts, span id. */
  final TupleTable links = new TupleTable(0, 0, 0);

  /** Key, kind, value, unit. */
  private final TupleTable attributes = new TupleTable(0, 0, 0, 0);

  private final long[] attribute = new long[4];

  Dictionary() {
    string("");
  }

  int string(String text) {
    Integer known = strings.get(text);
    if (known != null) {
      return known;
    }
    int at = stringList.size();
    strings.put(text, at);
    stringList.add(text);
    return at;
  }

  int attribute(String key, String text) {
    return attribute(key, TEXT, string(text), "");
  }

  int attribute(String key, long number, String unit) {
    return attribute(key, NUMBER, number, unit);
  }

  /** Returns an attribute that is true. */
  int flag(String key) {
    return attribute(key, TRUE, 0, "");
  }

  int attribute(String key, List<String> texts) {
    int at = lists.indexOf(texts);
    if (at < 0) {
      at = lists.size();
      lists.add(texts);
    }
    return attribute(key, TEXTS, at, "");
  }

  private int attribute(String key, int kind, long value, String unit) {
    attribute[0] = string(key);
    attribute[1] = kind;
    attribute[2] = value;
    attribute[3] = string(unit);
    return attributes.add(attribute, 4);
  }

  /** Writes all tables. */
  void write(WireWriter out, int field) {
    int dictionary = out.begin(field);
    for (int i = 0; i < mappings.size(); i++) {
      int mapping = out.begin(1);
      for (int f = 0; f < 4; f++) {
        out.varint(f + 1, mappings.value(i, f));
      }
      out.packed(5, mappings.values(), mappings.start(i) + 4, mappings.length(i) - 4);
      out.end(mapping);
    }
    for (int i = 0; i < locations.size(); i++) {
      int location = out.begin(2);
      out.varint(1, locations.value(i, 0));
      out.varint(2, locations.value(i, 1));
      for (int at = 2; at < locations.length(i); at += 3) {
        int line = out.begin(3);
        for (int f = 0; f < 3; f++) {
          out.varint(f + 1, locations.value(i, at + f));
        }
        out.end(line);
      }
      out.end(location);
    }
    for (int i = 0; i < functions.size(); i++) {
      int function = out.begin(3);
      for (int f = 0; f < 4; f++) {
        out.varint(f + 1, functions.value(i, f));
      }
      out.end(function);
    }
    for (int i = 0; i < links.size(); i++) {
      int link = out.begin(4);
      if (i > 0) {
        out.id(1, links.value(i, 0), links.value(i, 1));
        out.id(2, links.value(i, 2));
      }
      out.end(link);
    }
    for (String text : stringList) {
      out.text(5, text);
    }
    for (int i = 0; i < attributes.size(); i++) {
      int entry = out.begin(6);
      if (i > 0) {
        writeAttribute(out, i);
      }
      out.end(entry);
    }
    for (int i = 0; i < stacks.size(); i++) {
      int stack = out.begin(7);
      out.packed(1, stacks.values(), stacks.start(i), stacks.length(i));
      out.end(stack);
    }
    out.end(dictionary);
  }

  private void writeAttribute(WireWriter out, int i) {
    out.varint(1, attributes.value(i, 0));
    int value = out.begin(2);
    long given = attributes.value(i, 2);
    switch ((int) attributes.value(i, 1)) {
      case TEXT -> out.text(1, stringList.get((int) given));
      case NUMBER -> out.varintOrZero(3, given);
      case TRUE -> out.varintOrZero(2, 1);
      default -> {
        int array = out.begin(5);
        for (String text : lists.get((int) given)) {
          int element = out.begin(1);
          out.text(1, text);
          out.end(element);
        }
        out.end(array);
      }
    }
    out.end(value);
    out.varint(3, attributes.value(i, 3));
  }
}
