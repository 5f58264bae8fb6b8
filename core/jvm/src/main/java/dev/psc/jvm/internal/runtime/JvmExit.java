package dev.psc.jvm.internal.runtime;

/** The shutdown hooks of the JVM. */
public final class JvmExit {

  private JvmExit() {}

  /** Adds a hook; returns false if the JVM is already exiting. */
  public static boolean add(Thread hook) {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Removes a hook; returns false if the JVM is already exiting. */
  public static boolean remove(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
      return true;
    } catch (IllegalStateException e) {
      return false;
    }
  }

  /** Returns whether the JVM is exiting; its flight recorder then stops by itself. */
  public static boolean isUnderWay() {
    return !remove(new Thread());
  }
}
