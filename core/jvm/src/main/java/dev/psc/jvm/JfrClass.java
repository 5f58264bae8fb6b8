package dev.psc.jvm;

/** A class that events name, compared by identity. */
final class JfrClass {

  private final String name;
  private final String typeName;

  /**
   * @param name the binary name, with dots
   */
  JfrClass(String name) {
    this.name = name;
    this.typeName = FrameNames.typeName(name);
  }

  String name() {
    return name;
  }

  /** Returns its name as source code writes it. */
  String typeName() {
    return typeName;
  }
}
