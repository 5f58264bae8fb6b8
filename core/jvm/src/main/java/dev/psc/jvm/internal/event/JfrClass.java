package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.FrameNames;
import dev.psc.jvm.internal.aggregate.PseudoFrames;
import org.jspecify.annotations.Nullable;

/** A class that events name, compared by identity. Guarded by the aggregator's lock. */
public final class JfrClass {

  /** The placeholder for an unknown class. */
  public static final JfrClass UNKNOWN = new JfrClass(PseudoFrames.UNKNOWN);

  private final String name;
  private @Nullable String typeName;
  private @Nullable String shown;
  private @Nullable String file;

  /**
   * @param name the binary name, with dots
   */
  public JfrClass(String name) {
    this.name = name;
  }

  /** Returns the binary name, with dots. */
  public String name() {
    return name;
  }

  /** Returns its name as source code writes it. */
  public String typeName() {
    String known = typeName;
    if (known == null) {
      known = FrameNames.typeName(name);
      typeName = known;
    }
    return known;
  }

  /** Returns its name as frames have it. */
  public String shown() {
    String known = shown;
    if (known == null) {
      known = FrameNames.className(name);
      shown = known;
    }
    return known;
  }

  /** Returns its source file, if the name determines it. */
  public String file() {
    String known = file;
    if (known == null) {
      known = FrameNames.fileName(shown());
      file = known;
    }
    return known;
  }
}
