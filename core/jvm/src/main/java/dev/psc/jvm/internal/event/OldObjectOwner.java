package dev.psc.jvm.internal.event;

import dev.psc.jvm.internal.aggregate.FrameNames;
import org.jspecify.annotations.Nullable;

/**
 * Finds what holds an old object in its chain of referrers: the nearest field of a class that is
 * not one of the JDK or of a collection library, or else the farthest field. Not thread-safe.
 */
public final class OldObjectOwner {

  /** More than the JDK writes, which leaves out the middle of long chains. */
  private static final int MAX_REFERRERS = 256;

  /** What the JDK describes an object of {@code java.lang.Class} with. */
  private static final String CLASS_NAME = "Class Name: ";

  private static final String[] CONTAINERS = {
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "com.sun.",
    "kotlin.collections.",
    "scala.collection.",
    "com.google.common.cache.",
    "com.google.common.collect.",
    "com.github.benmanes.caffeine.cache.",
    "it.unimi.dsi.fastutil.",
    "org.eclipse.collections."
  };

  private @Nullable String owner;
  private int referrers;

  /**
   * Adds the next referrer.
   *
   * @param type its class
   * @param field the field that has the reference; null for an element of an array
   * @param description the JDK's description, which names the class of a static field
   * @return whether the next one matters
   */
  public boolean add(
      @Nullable JfrClass type, @Nullable String field, @Nullable String description) {
    if (type != null && field != null) {
      String name = type.name();
      if (name.equals("java.lang.Class")
          && description != null
          && description.startsWith(CLASS_NAME)) {
        name = description.substring(CLASS_NAME.length());
      }
      owner = FrameNames.className(name) + "." + field;
      if (!isContainer(name)) {
        return false;
      }
    }
    return ++referrers < MAX_REFERRERS;
  }

  private static boolean isContainer(String name) {
    for (String container : CONTAINERS) {
      if (name.startsWith(container)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the class and the field, if there was any. */
  public @Nullable String owner() {
    return owner;
  }
}
