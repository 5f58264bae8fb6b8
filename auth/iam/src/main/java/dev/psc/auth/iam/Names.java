package dev.psc.auth.iam;

/** The rule for names that people give. */
final class Names {

  private static final int LENGTH_LIMIT = 100;

  private Names() {}

  static void check(String kind, String name) {
    if (name.isBlank() || !name.equals(name.strip())) {
      throw new IamException(
          IamException.Reason.INVALID,
          "the name of a " + kind + " must not be empty nor begin or end with white space");
    }
    if (name.length() > LENGTH_LIMIT) {
      throw new IamException(
          IamException.Reason.INVALID,
          "the name of a " + kind + " has " + name.length() + " characters, at most 100 are legal");
    }
    if (name.chars().anyMatch(Character::isISOControl)) {
      throw new IamException(
          IamException.Reason.INVALID, "the name of a " + kind + " has a control character");
    }
  }
}
