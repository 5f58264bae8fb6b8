package dev.psc.jvm;

import org.jspecify.annotations.Nullable;

/** A class that events name, compared by identity. Guarded by the aggregator's lock. */
final class JfrClass {

  /** Stands for a class that is not known. */
  static final JfrClass UNKNOWN = new JfrClass(JfrConverter.UNKNOWN);

  private final String name;
  private @Nullable String typeName;
  private @Nullable String shown;
  private @Nullable String file;

  /**
   * @param name the binary name, with dots
   */
  JfrClass(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  /** Returns its name as source code writes it. */
  String typeName() {
    String known = typeName;
    if (known == null) {
      known = FrameNames.typeName(name);
      typeName = known;
    }
    return known;
  }

  /** Returns its name as frames have it. */
  String shown() {
    String known = shown;
    if (known == null) {
      known = FrameNames.className(name);
      shown = known;
    }
    return known;
  }

  /** Returns the file of its source, as far as the name tells. */
  String file() {
    String known = file;
    if (known == null) {
      known = FrameNames.fileName(shown());
      file = known;
    }
    return known;
  }
}
