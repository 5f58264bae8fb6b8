package dev.psc.scraper.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The parser of {@code key=value} flags, which may repeat and may join pairs with {@code ;}. */
public final class KeyValues {

  private KeyValues() {}

  /**
   * Reads the pairs of one flag, in order.
   *
   * @param flag the flag's name, for problems
   * @param given its values
   * @param ignoreCase whether keys that differ only in case are the same, as in gRPC metadata
   * @param problems receives the problems, without values, which may be secrets
   */
  public static Map<String, String> read(
      String flag, List<String> given, boolean ignoreCase, List<String> problems) {
    Map<String, String> pairs = new LinkedHashMap<>();
    Map<String, String> seen = new LinkedHashMap<>();
    for (String value : given) {
      for (String pair : value.split(";", -1)) {
        if (pair.isBlank()) {
          continue;
        }
        int equals = pair.indexOf('=');
        if (equals <= 0) {
          problems.add(flag + ": a pair has no key or no '=': write " + flag + "=key=value");
          continue;
        }
        String key = pair.substring(0, equals).trim();
        String folded = ignoreCase ? key.toLowerCase(Locale.ROOT) : key;
        String before = seen.put(folded, key);
        if (before != null) {
          String same = before.equals(key) ? "" : " (" + before + " is the same key)";
          problems.add(flag + ": " + key + " is given twice" + same);
          continue;
        }
        pairs.put(key, pair.substring(equals + 1).trim());
      }
    }
    return pairs;
  }
}
