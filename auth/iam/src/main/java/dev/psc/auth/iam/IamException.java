package dev.psc.auth.iam;

/** A change of the access model that cannot be made; nothing has changed. */
public final class IamException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why a change cannot be made. */
  public enum Reason {
    /** What the change is about does not exist. */
    NOT_FOUND,
    /** A name or id is taken. */
    ALREADY_EXISTS,
    /** There are as many as may be. */
    QUOTA_EXCEEDED,
    /** An organization must keep one Owner of the whole of it. */
    LAST_OWNER,
    /** Something is in use, or not meant to be changed. */
    IN_USE,
    /** A name is not legal. */
    INVALID
  }

  private final Reason reason;

  IamException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** Returns why. */
  public Reason reason() {
    return reason;
  }
}
