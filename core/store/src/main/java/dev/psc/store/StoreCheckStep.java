package dev.psc.store;

/**
 * The result of one step of a {@link StoreCheck}. Immutable, without secrets.
 *
 * @param name the step
 * @param result the result
 * @param message a description of the result
 * @param remedy a remedy; empty unless wrong
 */
public record StoreCheckStep(Name name, Result result, String message, String remedy) {

  /** The steps, in their order. */
  public enum Name {
    /** The token can be read. */
    TOKEN_READABLE("token readable"),
    /** The token is well-formed. */
    TOKEN_FORMAT("token well-formed"),
    /** The project id is a UUID. */
    PROJECT_ID("project id well-formed"),
    /** The address is legal and its host is known. */
    ADDRESS("address resolvable"),
    /** The host, or the proxy in front of it, accepts connections. */
    TCP("TCP connection"),
    /** The store supports TLS and has a trusted certificate. */
    TLS("TLS"),
    /** The store supports HTTP/2. */
    HTTP2("HTTP/2"),
    /** The store accepts the token. */
    TOKEN_ACCEPTED("token accepted"),
    /** The token may write profiles to the project. */
    PROJECT_PERMITTED("project permitted");

    private final String title;

    Name(String title) {
      this.title = title;
    }

    /** Returns the title for people. */
    public String title() {
      return title;
    }
  }

  /** The result of a step. */
  public enum Result {
    /** The step succeeded. */
    OK,
    /** A person has to change something. */
    WRONG,
    /** The step does not apply, or an earlier one failed. */
    SKIPPED
  }
}
