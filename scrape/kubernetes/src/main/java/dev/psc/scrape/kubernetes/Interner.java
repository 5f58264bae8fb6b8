package dev.psc.scrape.kubernetes;

import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes equal texts the same object: thousands of pods repeat the same label names, images and
 * nodes. It forgets everything when it has grown too large, so that it does not keep what is long
 * gone. Thread-safe.
 */
final class Interner {

  private static final int MAX_TEXTS = 20_000;

  /** Longer texts are rarely repeated. */
  private static final int MAX_LENGTH = 256;

  private final ConcurrentHashMap<String, String> texts = new ConcurrentHashMap<>();

  String intern(String text) {
    if (text.length() > MAX_LENGTH) {
      return text;
    }
    String known = texts.get(text);
    if (known != null) {
      return known;
    }
    if (texts.size() >= MAX_TEXTS) {
      texts.clear();
    }
    known = texts.putIfAbsent(text, text);
    return known == null ? text : known;
  }
}
