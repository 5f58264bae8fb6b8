package dev.psc.label;

/**
 * A converter of names for a Parca-compatible store: every illegal character becomes {@code _}.
 * Legal names come back as the same object.
 */
public final class LegalNames {

  private LegalNames() {}

  /**
   * Returns a legal {@code __name__}: characters outside {@code [a-zA-Z0-9_:]} replaced, and a
   * {@code _} put before a leading digit; {@code _} for the empty text.
   */
  public static String profileName(String name) {
    return legal(name, true, true);
  }

  /**
   * Returns a legal label name: characters outside {@code [a-zA-Z0-9_]} replaced, and a {@code _}
   * put before a leading digit; {@code _} for the empty text.
   */
  public static String labelName(String name) {
    return legal(name, false, true);
  }

  /**
   * Returns a legal type or unit of a sample type or period type: characters outside {@code
   * [a-zA-Z0-9_]} replaced; {@code _} for the empty text.
   */
  public static String typePart(String part) {
    return legal(part, false, false);
  }

  private static String legal(String name, boolean colons, boolean first) {
    if (name.isEmpty()) {
      return "_";
    }
    boolean prefix = first && name.charAt(0) >= '0' && name.charAt(0) <= '9';
    StringBuilder legal = null;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (isLegal(c) || (colons && c == ':')) {
        continue;
      }
      if (legal == null) {
        legal = new StringBuilder(name);
      }
      legal.setCharAt(i, '_');
    }
    String text = legal == null ? name : legal.toString();
    return prefix ? "_" + text : text;
  }

  private static boolean isLegal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
}
