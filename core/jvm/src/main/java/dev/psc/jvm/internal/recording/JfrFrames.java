package dev.psc.jvm.internal.recording;

/**
 * Finds the location of a method and a line of a chunk, which recur in most stacks: one lookup
 * instead of one for the method and one for the location. Not thread-safe.
 */
final class JfrFrames {

  /** The index of a frame that is not in the table. */
  static final int UNKNOWN = -1;

  /** In turns a method, and its line with a location plus one; 0 where nothing is. */
  private long[] entries = new long[2048];

  private int size;

  int get(long method, int line) {
    return (int) entries[slot(entries, method, line) + 1] - 1;
  }

  private static int slot(long[] entries, long method, int line) {
    int mask = entries.length - 2;
    long hash = (method * 31 + line) * 0x9E3779B97F4A7C15L;
    int at = (int) (hash >>> 32) & mask;
    while (entries[at + 1] != 0
        && (entries[at] != method || (int) (entries[at + 1] >>> 32) != line)) {
      at = (at + 2) & mask;
    }
    return at;
  }

  /** Adds an entry that is not in the table. */
  void put(long method, int line, int location) {
    if (size * 4 >= entries.length) {
      grow();
    }
    put(entries, method, (long) line << 32 | (location + 1));
    size++;
  }

  private static void put(long[] entries, long method, long lineAndLocation) {
    int at = slot(entries, method, (int) (lineAndLocation >>> 32));
    entries[at] = method;
    entries[at + 1] = lineAndLocation;
  }

  private void grow() {
    long[] bigger = new long[entries.length * 2];
    for (int at = 0; at < entries.length; at += 2) {
      if (entries[at + 1] != 0) {
        put(bigger, entries[at], entries[at + 1]);
      }
    }
    entries = bigger;
  }
}
