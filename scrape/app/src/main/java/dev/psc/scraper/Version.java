package dev.psc.scraper;

/** The version of this program. */
final class Version {

  static final String TEXT = text();

  private Version() {}

  private static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
