package dev.psc.auth.iam;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A named set of permissions: a system role, or a custom one of an organization. Immutable. */
public final class Role {

  /** The system role with all permissions. */
  public static final Role OWNER = system("Owner", EnumSet.allOf(Permission.class));

  /** Reading and listing everything except bills and usage. */
  public static final Role VIEWER = system("Viewer", readPermissions());

  /** The permissions of a Viewer, and writing profiles and debug information. */
  public static final Role WRITER =
      system(
          "Writer", with(readPermissions(), Permission.PROFILE_WRITE, Permission.DEBUGINFO_WRITE));

  /** Writing profiles, which is sufficient for a scraper. */
  public static final Role PROFILE_WRITER =
      system("Profile Writer", EnumSet.of(Permission.PROFILE_WRITE));

  /** Writing debug information. */
  public static final Role DEBUG_INFO_WRITER =
      system("Debug Info Writer", EnumSet.of(Permission.DEBUGINFO_WRITE));

  private static final List<Role> SYSTEM =
      List.of(OWNER, VIEWER, WRITER, PROFILE_WRITER, DEBUG_INFO_WRITER);

  private final String name;
  private final boolean isSystem;
  private final Set<Permission> permissions;

  private Role(String name, boolean isSystem, Set<Permission> permissions) {
    this.name = name;
    this.isSystem = isSystem;
    this.permissions = permissions;
  }

  private static Role system(String name, Set<Permission> permissions) {
    return new Role(name, true, Set.copyOf(permissions));
  }

  private static EnumSet<Permission> readPermissions() {
    EnumSet<Permission> reads = EnumSet.noneOf(Permission.class);
    for (Permission permission : Permission.values()) {
      if (permission.text().endsWith(".read") || permission.text().endsWith(".list")) {
        reads.add(permission);
      }
    }
    reads.remove(Permission.BILLING_READ);
    reads.remove(Permission.ORGANIZATION_USAGE_READ);
    return reads;
  }

  private static EnumSet<Permission> with(EnumSet<Permission> set, Permission... more) {
    EnumSet<Permission> all = EnumSet.copyOf(set);
    all.addAll(Arrays.asList(more));
    return all;
  }

  /**
   * Returns a custom role for {@link Organization#createRole}.
   *
   * @throws IamException if the name is invalid or that of a system role
   */
  public static Role custom(String name, Collection<Permission> permissions) {
    Names.check("role", name);
    if (systemRole(name).isPresent()) {
      throw new IamException(
          IamException.Reason.ALREADY_EXISTS, "role \"" + name + "\" is a system role");
    }
    return new Role(name, false, Set.copyOf(permissions));
  }

  /** Returns the roles of every organization. */
  public static List<Role> systemRoles() {
    return SYSTEM;
  }

  static Optional<Role> systemRole(String name) {
    return SYSTEM.stream().filter(role -> role.name.equalsIgnoreCase(name)).findFirst();
  }

  /** Returns the name, which is unique in an organization. */
  public String name() {
    return name;
  }

  /** Returns whether this is a system role. */
  public boolean isSystem() {
    return isSystem;
  }

  /** Returns the permissions. */
  public Set<Permission> permissions() {
    return permissions;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Role that
        && name.equals(that.name)
        && isSystem == that.isSystem
        && permissions.equals(that.permissions);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  /** Returns the name. */
  @Override
  public String toString() {
    return name;
  }
}
