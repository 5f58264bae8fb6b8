package dev.psc.auth.iam;

import java.util.Objects;

/**
 * Who may be given a role.
 *
 * @param kind a person or a service account
 * @param id a user's name, or a service account's {@linkplain ServiceAccount#id() id}
 */
public record Subject(Kind kind, String id) {

  /** What a subject is. */
  public enum Kind {
    USER,
    SERVICE_ACCOUNT
  }

  /** Checks that both are there. */
  public Subject {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(id, "id");
  }

  /** Returns a person as a subject. */
  public static Subject user(String name) {
    return new Subject(Kind.USER, name);
  }

  /** Returns a service account as a subject. */
  public static Subject of(ServiceAccount account) {
    return new Subject(Kind.SERVICE_ACCOUNT, account.id());
  }
}
