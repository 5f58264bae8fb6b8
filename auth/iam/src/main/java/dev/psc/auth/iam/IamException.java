package dev.psc.auth.iam;

/** Thrown for a change of the access model that is not possible. Nothing has changed. */
public final class IamException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** The reason of a refused change. */
  public enum Reason {
    /** The object of the change does not exist. */
    NOT_FOUND,
    /** A name or id is taken. */
    ALREADY_EXISTS,
    /** The limit on the number of objects is reached. */
    QUOTA_EXCEEDED,
    /** The change would remove the last Owner of an organization. */
    LAST_OWNER,
    /** The object is in use or must not be changed. */
    IN_USE,
    /** The name is invalid. */
    INVALID
  }

  private final Reason reason;

  IamException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns the reason. */
  public Reason reason() {
    return reason;
  }
}
