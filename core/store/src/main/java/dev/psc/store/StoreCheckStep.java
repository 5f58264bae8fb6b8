package dev.psc.store;

/**
 * What one step of a {@link StoreCheck} found. Immutable, without secrets.
 *
 * @param name what was looked at
 * @param result how it is
 * @param message what was found, a sentence
 * @param remedy what to do, a sentence; empty unless wrong
 */
public record StoreCheckStep(Name name, Result result, String message, String remedy) {

  /** The steps, in their order. */
  public enum Name {
    /** The token can be read from where it is. */
    TOKEN_READABLE("token readable"),
    /** It has the form of a token. */
    TOKEN_FORMAT("token well-formed"),
    /** The project id is a UUID. */
    PROJECT_ID("project id well-formed"),
    /** The address is legal and its host is known. */
    ADDRESS("address resolvable"),
    /** The host, or the proxy before it, takes connections. */
    TCP("TCP connection"),
    /** The store speaks TLS and shows a certificate that is trusted. */
    TLS("TLS"),
    /** It speaks HTTP/2. */
    HTTP2("HTTP/2"),
    /** It takes the token. */
    TOKEN_ACCEPTED("token accepted"),
    /** The token may write profiles to the project. */
    PROJECT_PERMITTED("project permitted");

    private final String title;

    Name(String title) {
      this.title = title;
    }

    /** Returns the name for people. */
    public String title() {
      return title;
    }
  }

  /** How a step is. */
  public enum Result {
    /** As it should be. */
    OK,
    /** A person has to change something. */
    WRONG,
    /** Not looked at: it does not apply, or an earlier step is wrong. */
    SKIPPED
  }

  static StoreCheckStep ok(Name name, String message) {
    return new StoreCheckStep(name, Result.OK, message, "");
  }

  static StoreCheckStep wrong(Name name, String message, String remedy) {
    return new StoreCheckStep(name, Result.WRONG, message, remedy);
  }

  static StoreCheckStep skipped(Name name, String message) {
    return new StoreCheckStep(name, Result.SKIPPED, message, "");
  }
}
