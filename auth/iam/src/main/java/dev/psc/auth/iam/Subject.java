package dev.psc.auth.iam;

import java.util.Objects;

/**
 * A user or service account that roles are bound to.
 *
 * @param kind the kind of subject
 * @param id the name of a user, or the {@linkplain ServiceAccount#id() id} of a service account
 */
public record Subject(Kind kind, String id) {

  /** The kind of a subject. */
  public enum Kind {
    USER,
    SERVICE_ACCOUNT
  }

  /** Rejects null. */
  public Subject {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(id, "id");
  }

  /** Returns the subject of a user. */
  public static Subject user(String name) {
    return new Subject(Kind.USER, name);
  }

  /** Returns the subject of a service account. */
  public static Subject of(ServiceAccount account) {
    return new Subject(Kind.SERVICE_ACCOUNT, account.id());
  }
}
