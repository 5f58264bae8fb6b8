package dev.psc.opentelemetry;

import java.util.Locale;

/** Settings of the process. */
final class Settings {

  private Settings() {}

  /**
   * Returns a setting that is {@code true} or not: the system property {@code psc.some.name}, else
   * the environment variable {@code PSC_SOME_NAME}.
   */
  static boolean flag(String name) {
    String value = System.getProperty(name.toLowerCase(Locale.ROOT).replace('_', '.'));
    return Boolean.parseBoolean(value == null ? System.getenv(name) : value);
  }
}
