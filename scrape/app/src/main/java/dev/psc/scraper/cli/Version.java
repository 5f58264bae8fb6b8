package dev.psc.scraper.cli;

/** The version of this program. */
public final class Version {

  public static final String TEXT = text();

  private Version() {}

  private static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
