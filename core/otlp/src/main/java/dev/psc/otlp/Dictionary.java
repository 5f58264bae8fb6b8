package dev.psc.otlp;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The tables that all profiles of a request share: {@code ProfilesDictionary} of the protocol. Not
 * thread-safe.
 */
final class Dictionary {

  final EntryTable mappings = new EntryTable();
  final EntryTable locations = new EntryTable();
  final EntryTable functions = new EntryTable();
  final EntryTable links = new EntryTable();
  final EntryTable strings = new EntryTable();
  final EntryTable attributes = new EntryTable();
  final EntryTable stacks = new EntryTable();

  private final List<EntryTable> tables =
      List.of(mappings, locations, functions, links, strings, attributes, stacks);

  void clear() {
    tables.forEach(EntryTable::clear);
  }

  long capacity() {
    return tables.stream().mapToLong(EntryTable::capacity).sum();
  }

  int string(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    strings.entry().append(bytes, 0, bytes.length);
    return strings.add();
  }

  int attribute(String key, String text) {
    WireWriter out = begin(string(key));
    int value = out.begin(2);
    out.text(1, text);
    out.end(value);
    return attributes.add();
  }

  /** Returns an attribute whose text is a part of an array, and valid UTF-8. */
  int attribute(int key, byte[] text, int from, int to) {
    WireWriter out = begin(key);
    int value = out.begin(2);
    out.bytes(1, text, from, to);
    out.end(value);
    return attributes.add();
  }

  int attribute(int key, long number, int unit) {
    WireWriter out = begin(key);
    int value = out.begin(2);
    out.varintOrZero(3, number);
    out.end(value);
    out.varint(3, unit);
    return attributes.add();
  }

  /** Returns an attribute that is true. */
  int flag(String key) {
    WireWriter out = begin(string(key));
    int value = out.begin(2);
    out.varintOrZero(2, 1);
    out.end(value);
    return attributes.add();
  }

  int attribute(String key, List<String> texts) {
    WireWriter out = begin(string(key));
    int value = out.begin(2);
    int array = out.begin(5);
    for (String text : texts) {
      int element = out.begin(1);
      out.text(1, text);
      out.end(element);
    }
    out.end(array);
    out.end(value);
    return attributes.add();
  }

  private WireWriter begin(int key) {
    WireWriter out = attributes.entry();
    out.varint(1, key);
    return out;
  }

  /** Writes all tables. */
  void write(WireWriter out, int field) {
    int dictionary = out.begin(field);
    for (int i = 0; i < tables.size(); i++) {
      tables.get(i).write(out, i + 1);
    }
    out.end(dictionary);
  }
}
