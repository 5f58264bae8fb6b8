package dev.psc.auth.iam;

/** A check of names. */
final class Names {

  private static final int LENGTH_LIMIT = 100;

  private Names() {}

  static void check(String kind, String name) {
    if (name.isBlank() || !name.equals(name.strip())) {
      throw new IamException(
          IamException.Reason.INVALID,
          "the name of a " + kind + " must not be empty or begin or end with white space");
    }
    if (name.length() > LENGTH_LIMIT) {
      throw new IamException(
          IamException.Reason.INVALID,
          "the name of a " + kind + " must have at most 100 characters, but has " + name.length());
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new IamException(
          IamException.Reason.INVALID,
          "the name of a " + kind + " must not contain control characters");
    }
  }
}
