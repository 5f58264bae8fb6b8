package dev.psc.auth.iam;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A permission of a role, in the spelling of the cloud: {@code profile.write}. */
public enum Permission {
  PROFILE_READ,
  PROFILE_WRITE,
  PROJECT_READ,
  PROJECT_LIST,
  PROJECT_CREATE,
  PROJECT_UPDATE,
  PROJECT_DELETE,
  VIEW_READ,
  VIEW_LIST,
  VIEW_CREATE,
  VIEW_UPDATE,
  VIEW_DELETE,
  ORGANIZATION_READ,
  ORGANIZATION_UPDATE,
  ORGANIZATION_DELETE,
  ORGANIZATION_USAGE_READ,
  SERVICEACCOUNT_LIST,
  SERVICEACCOUNT_CREATE,
  SERVICEACCOUNT_DELETE,
  SERVICEACCOUNTTOKEN_LIST,
  SERVICEACCOUNTTOKEN_CREATE,
  SERVICEACCOUNTTOKEN_DELETE,
  ROLE_LIST,
  ROLE_CREATE,
  ROLE_DELETE,
  ROLEBINDING_LIST,
  ROLEBINDING_CREATE,
  ROLEBINDING_DELETE,
  INVITE_LIST,
  INVITE_CREATE,
  INVITE_EXPIRE,
  DEBUGINFO_LIST,
  DEBUGINFO_READ,
  DEBUGINFO_WRITE,
  BILLING_READ,
  BILLING_MODIFY;

  private static final Map<String, Permission> BY_TEXT =
      Arrays.stream(values()).collect(Collectors.toMap(Permission::text, Function.identity()));

  private final String text = name().toLowerCase(Locale.ROOT).replace('_', '.');

  /** Returns the cloud's spelling. */
  public String text() {
    return text;
  }

  /** Returns the permission with the cloud's spelling, if there is one. */
  public static Optional<Permission> of(String text) {
    return Optional.ofNullable(BY_TEXT.get(text));
  }

  /** Returns the cloud's spelling. */
  @Override
  public String toString() {
    return text;
  }
}
