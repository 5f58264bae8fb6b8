package dev.psc.jvm.profile;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** A source of the events that profiles are made of. */
public enum ProfilingEngine {

  /** The flight recorder of the JDK. Needs nothing else; the default. */
  JFR("jfr"),

  /**
   * async-profiler, from the artifact {@code psc-jvm-async-profiler}. If it cannot be used, the
   * reason is logged as a warning and {@link #JFR} is used.
   */
  ASYNC_PROFILER("async-profiler"),

  /** {@link #ASYNC_PROFILER} if it can be used, otherwise {@link #JFR} without a warning. */
  AUTO("auto");

  private final String settingName;

  ProfilingEngine(String settingName) {
    this.settingName = settingName;
  }

  /** Returns the engine of a value of the setting. */
  public static Optional<ProfilingEngine> named(String name) {
    String lower = name.trim().toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(engine -> engine.settingName.equals(lower)).findFirst();
  }
}
