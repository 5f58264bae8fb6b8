package dev.psc.pprof.repair;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Strings that a rewrite adds to the end of the string table, each once. */
final class AppendedStrings {

  private final List<byte[]> bytes = new ArrayList<>();
  private final Map<String, Integer> positions = new HashMap<>();

  /** Returns the position of a string among the appended ones; adds it if it is new. */
  int position(String text) {
    Integer known = positions.putIfAbsent(text, bytes.size());
    if (known != null) {
      return known;
    }
    bytes.add(text.getBytes(StandardCharsets.UTF_8));
    return bytes.size() - 1;
  }

  /** Returns the strings in their order, as UTF-8. */
  List<byte[]> bytes() {
    return bytes;
  }
}
