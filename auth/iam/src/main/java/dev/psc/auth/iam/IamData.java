package dev.psc.auth.iam;

import dev.psc.auth.ProjectId;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The data of the access model. Each change is applied to a copy, which is then published as a
 * whole and not modified again, so that readers see all of a change or nothing.
 */
final class IamData {

  /** A token, identified by its hash. */
  record StoredToken(
      String id, String name, String sha256, Instant created, @Nullable Instant lastUsed) {

    StoredToken usedAt(@Nullable Instant time) {
      boolean later = time != null && (lastUsed == null || time.isAfter(lastUsed));
      return later ? new StoredToken(id, name, sha256, created, time) : this;
    }

    TokenInfo info() {
      return new TokenInfo(
          id, name, sha256.substring(0, 8), created, Optional.ofNullable(lastUsed));
    }
  }

  /** The owner of a token. */
  record Holder(
      Org organization,
      @Nullable Account account,
      @Nullable ProjectId project,
      StoredToken token) {}

  /** A service account with its tokens by id. */
  static final class Account {
    final ServiceAccount account;
    final Map<String, StoredToken> tokens = new LinkedHashMap<>();

    Account(ServiceAccount account) {
      this.account = account;
    }
  }

  /** A project with its tokens of the older scheme by id. */
  static final class OwnProject {
    final Project project;
    final Map<String, StoredToken> tokens = new LinkedHashMap<>();

    OwnProject(Project project) {
      this.project = project;
    }
  }

  /** An organization. */
  static final class Org {
    final String name;
    final Set<String> users = new TreeSet<>();
    final Map<String, OwnProject> projects = new LinkedHashMap<>();
    final Map<String, Account> accounts = new LinkedHashMap<>();
    final Map<String, Role> roles = new TreeMap<>();
    final Map<String, RoleBinding> bindings = new LinkedHashMap<>();

    Org(String name) {
      this.name = name;
    }

    @Nullable OwnProject project(ProjectId id) {
      return projects.get(key(id));
    }

    Optional<Role> role(String roleName) {
      return Role.systemRole(roleName).or(() -> Optional.ofNullable(roles.get(roleName)));
    }

    boolean allows(Subject subject, @Nullable ProjectId project, Permission permission) {
      for (RoleBinding binding : bindings.values()) {
        boolean covers =
            binding.project().isEmpty()
                || (project != null && binding.project().get().equals(project));
        if (covers
            && binding.subject().equals(subject)
            && role(binding.role()).filter(r -> r.permissions().contains(permission)).isPresent()) {
          return true;
        }
      }
      return false;
    }

    boolean hasOwner() {
      return bindings.values().stream()
          .anyMatch(
              binding -> binding.role().equals(Role.OWNER.name()) && binding.project().isEmpty());
    }

    Org copy() {
      Org copy = new Org(name);
      copy.users.addAll(users);
      projects.forEach(
          (id, project) -> {
            OwnProject own = new OwnProject(project.project);
            own.tokens.putAll(project.tokens);
            copy.projects.put(id, own);
          });
      accounts.forEach(
          (id, account) -> {
            Account own = new Account(account.account);
            own.tokens.putAll(account.tokens);
            copy.accounts.put(id, own);
          });
      copy.roles.putAll(roles);
      copy.bindings.putAll(bindings);
      return copy;
    }
  }

  final Map<String, Org> organizations = new TreeMap<>();

  static String key(ProjectId id) {
    return id.value().toLowerCase(Locale.ROOT);
  }

  IamData copy() {
    IamData copy = new IamData();
    organizations.forEach((name, org) -> copy.organizations.put(name, org.copy()));
    return copy;
  }

  /** Returns the owners of all tokens by hash. */
  Map<String, Holder> holders() {
    Map<String, Holder> holders = new HashMap<>();
    for (Org org : organizations.values()) {
      for (Account account : org.accounts.values()) {
        for (StoredToken token : account.tokens.values()) {
          holders.put(token.sha256(), new Holder(org, account, null, token));
        }
      }
      for (OwnProject project : org.projects.values()) {
        for (StoredToken token : project.tokens.values()) {
          holders.put(token.sha256(), new Holder(org, null, project.project.id(), token));
        }
      }
    }
    return holders;
  }

  /** Updates the times of last use. */
  void usedAt(Map<String, Instant> times) {
    for (Org org : organizations.values()) {
      for (Account account : org.accounts.values()) {
        account.tokens.replaceAll((id, token) -> token.usedAt(times.get(token.sha256())));
      }
      for (OwnProject project : org.projects.values()) {
        project.tokens.replaceAll((id, token) -> token.usedAt(times.get(token.sha256())));
      }
    }
  }
}
