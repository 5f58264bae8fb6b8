package dev.psc.auth.iam;

import dev.psc.auth.BearerToken;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.IamData.Account;
import dev.psc.auth.iam.IamData.Org;
import dev.psc.auth.iam.IamData.OwnProject;
import dev.psc.auth.iam.IamData.StoredToken;
import dev.psc.auth.iam.IamException.Reason;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An organization of an {@link Iam}. Thread-safe; every method sees the newest state.
 *
 * <p>All methods throw {@link IamException} if the organization or another object does not exist,
 * and {@link java.io.UncheckedIOException} if a change cannot be written. Nothing has changed then.
 */
public final class Organization {

  /** The limit on the number of service accounts in an organization. */
  public static final int SERVICE_ACCOUNT_LIMIT = 50;

  /** The limit on the number of tokens of a service account or project. */
  public static final int TOKEN_LIMIT = 100;

  private final Iam iam;
  private final String name;

  Organization(Iam iam, String name) {
    this.iam = iam;
    this.name = name;
  }

  static String newId() {
    return UUID.randomUUID().toString();
  }

  /** Returns the name, which is unique in the model. */
  public String name() {
    return name;
  }

  // Projects

  /** Creates a project with a new id. */
  public Project createProject(String projectName) {
    return createProject(projectName, ProjectId.random());
  }

  /** Creates a project with an unused id. */
  public Project createProject(String projectName, ProjectId id) {
    Names.check("project", projectName);
    Project project = new Project(id, projectName);
    return iam.change(
        name,
        "created project " + projectName,
        data -> {
          Org org = Iam.org(data, name);
          refuseTaken(
              "project", projectName, org.projects.values().stream().map(p -> p.project.name()));
          if (data.organizations.values().stream().anyMatch(o -> o.project(id) != null)) {
            throw new IamException(Reason.ALREADY_EXISTS, "the project id is taken");
          }
          org.projects.put(IamData.key(id), new OwnProject(project));
          return project;
        });
  }

  /** Deletes a project with its tokens and the bindings that are scoped to it. */
  public void deleteProject(ProjectId id) {
    iam.update(
        name,
        "deleted project " + id,
        data -> {
          Org org = Iam.org(data, name);
          remove(org.projects, IamData.key(id), "project", id.value());
          org.bindings.values().removeIf(b -> b.project().equals(Optional.of(id)));
        });
  }

  /** Returns the projects, oldest first. */
  public List<Project> projects() {
    return org().projects.values().stream().map(project -> project.project).toList();
  }

  // Users

  /** Adds a user without permissions. */
  public Subject addUser(String userName) {
    Names.check("user", userName);
    return iam.change(
        name,
        "added user " + userName,
        data -> {
          if (!Iam.org(data, name).users.add(userName)) {
            throw taken("user", userName);
          }
          return Subject.user(userName);
        });
  }

  /** Removes a user with all bindings, unless these include the last Owner binding. */
  public void removeUser(String userName) {
    iam.update(
        name,
        "removed user " + userName,
        data -> {
          Org org = Iam.org(data, name);
          if (!org.users.remove(userName)) {
            throw missing("user", userName);
          }
          removeBindings(org, Subject.user(userName));
        });
  }

  /** Returns the sorted names of the users. */
  public List<String> users() {
    return List.copyOf(org().users);
  }

  // Service accounts and their tokens

  /** Creates a service account; at most {@value #SERVICE_ACCOUNT_LIMIT} may exist. */
  public ServiceAccount createServiceAccount(String accountName) {
    Names.check("service account", accountName);
    return iam.change(
        name,
        "created service account " + accountName,
        data -> {
          Org org = Iam.org(data, name);
          refuseTaken(
              "service account",
              accountName,
              org.accounts.values().stream().map(a -> a.account.name()));
          if (org.accounts.size() >= SERVICE_ACCOUNT_LIMIT) {
            throw new IamException(
                Reason.QUOTA_EXCEEDED,
                "organization \""
                    + name
                    + "\" has "
                    + SERVICE_ACCOUNT_LIMIT
                    + " service accounts, which is the limit: delete one first");
          }
          ServiceAccount account = new ServiceAccount(newId(), accountName, iam.now());
          org.accounts.put(account.id(), new Account(account));
          return account;
        });
  }

  /**
   * Deletes a service account with its tokens and bindings, unless these include the last Owner
   * binding.
   */
  public void deleteServiceAccount(ServiceAccount account) {
    iam.update(
        name,
        "deleted service account " + account.name(),
        data -> {
          Org org = Iam.org(data, name);
          remove(org.accounts, account.id(), "service account", account.name());
          removeBindings(org, Subject.of(account));
        });
  }

  /** Returns the service accounts, oldest first. */
  public List<ServiceAccount> serviceAccounts() {
    return org().accounts.values().stream().map(account -> account.account).toList();
  }

  /** Returns the service account of a name, if there is one. */
  public Optional<ServiceAccount> serviceAccount(String accountName) {
    return serviceAccounts().stream().filter(a -> a.name().equals(accountName)).findFirst();
  }

  /**
   * Creates a token; an account may have {@value #TOKEN_LIMIT}. The secret cannot be read again
   * later.
   */
  public IssuedToken<ServiceAccountToken> createToken(ServiceAccount account, String tokenName) {
    Names.check("token", tokenName);
    ServiceAccountToken token = iam.newToken();
    TokenInfo info =
        iam.change(
            name,
            "created token " + tokenName + " of service account " + account.name(),
            data -> addToken(account(Iam.org(data, name), account).tokens, token, tokenName));
    return new IssuedToken<>(token, info);
  }

  /**
   * Adds an existing token, under the same limits.
   *
   * @throws IamException if the account has a token of this name, or {@value #TOKEN_LIMIT} tokens
   */
  public TokenInfo importToken(
      ServiceAccount account, String tokenName, ServiceAccountToken token) {
    Names.check("token", tokenName);
    return iam.change(
        name,
        "imported token " + tokenName + " of service account " + account.name(),
        data -> addToken(account(Iam.org(data, name), account).tokens, token, tokenName));
  }

  private TokenInfo addToken(Map<String, StoredToken> tokens, BearerToken token, String tokenName) {
    refuseTaken("token", tokenName, tokens.values().stream().map(StoredToken::name));
    if (tokens.size() >= TOKEN_LIMIT) {
      throw new IamException(
          Reason.QUOTA_EXCEEDED,
          "the limit of " + TOKEN_LIMIT + " tokens is reached: revoke one first");
    }
    Instant noUse = null;
    StoredToken stored =
        new StoredToken(
            newId(), tokenName, HexFormat.of().formatHex(token.sha256()), iam.now(), noUse);
    tokens.put(stored.id(), stored);
    return stored.info();
  }

  /** Revokes a token of a service account: the next call with it is refused. */
  public void revokeToken(ServiceAccount account, TokenInfo token) {
    iam.update(
        name,
        "revoked token " + token.name() + " of service account " + account.name(),
        data -> {
          remove(account(Iam.org(data, name), account).tokens, token.id(), "token", token.name());
        });
  }

  /** Returns the tokens of a service account, oldest first. */
  public List<TokenInfo> tokens(ServiceAccount account) {
    return account(org(), account).tokens.values().stream().map(iam::info).toList();
  }

  private static Account account(Org org, ServiceAccount account) {
    return found(org.accounts.get(account.id()), "service account", account.name());
  }

  // Project tokens of the older scheme

  /**
   * Creates a project token of the older scheme, with the permissions of a Writer in its project.
   * For tests of migrations; otherwise use service accounts. The secret cannot be read again later.
   */
  public IssuedToken<JwtProjectToken> createProjectToken(ProjectId project, String tokenName) {
    Names.check("token", tokenName);
    JwtProjectToken token = iam.newProjectToken(project);
    TokenInfo info =
        iam.change(
            name,
            "created project token " + tokenName + " of project " + project,
            data -> addToken(project(Iam.org(data, name), project).tokens, token, tokenName));
    return new IssuedToken<>(token, info);
  }

  /** Revokes a project token: the next call with it is refused. */
  public void revokeProjectToken(ProjectId project, TokenInfo token) {
    iam.update(
        name,
        "revoked project token " + token.name() + " of project " + project,
        data -> {
          remove(
              project(Iam.org(data, name), project).tokens,
              token.id(),
              "project token",
              token.name());
        });
  }

  /** Returns the project tokens of a project, oldest first. */
  public List<TokenInfo> projectTokens(ProjectId project) {
    return project(org(), project).tokens.values().stream().map(iam::info).toList();
  }

  private static OwnProject project(Org org, ProjectId id) {
    return found(org.project(id), "project", id.value());
  }

  // Roles and bindings

  /** Adds a custom role, see {@link Role#custom}. */
  public Role createRole(Role role) {
    return iam.change(
        name,
        "created role " + role.name(),
        data -> {
          Org org = Iam.org(data, name);
          if (org.role(role.name()).isPresent()) {
            throw taken("role", role.name());
          }
          org.roles.put(role.name(), role);
          return role;
        });
  }

  /** Deletes a custom role that no binding uses. */
  public void deleteRole(String roleName) {
    iam.update(
        name,
        "deleted role " + roleName,
        data -> {
          Org org = Iam.org(data, name);
          if (Role.systemRole(roleName).isPresent()) {
            throw new IamException(Reason.IN_USE, "system roles cannot be deleted");
          }
          if (org.bindings.values().stream().anyMatch(b -> b.role().equals(roleName))) {
            throw new IamException(
                Reason.IN_USE, "role \"" + roleName + "\" is bound: remove its bindings first");
          }
          remove(org.roles, roleName, "role", roleName);
        });
  }

  /** Returns the system roles, followed by the custom roles by name. */
  public List<Role> roles() {
    return Stream.concat(Role.systemRoles().stream(), org().roles.values().stream()).toList();
  }

  /** Binds a subject to a role in the whole organization. */
  public RoleBinding bind(Subject subject, String roleName) {
    return bind(subject, roleName, null);
  }

  /** Binds a subject to a role in one project only. */
  public RoleBinding bindInProject(Subject subject, String roleName, ProjectId project) {
    return bind(subject, roleName, project);
  }

  private RoleBinding bind(Subject subject, String roleName, @Nullable ProjectId project) {
    return iam.change(
        name,
        "bound "
            + subject.id()
            + " to role "
            + roleName
            + (project == null ? "" : " in project " + project),
        data -> {
          Org org = Iam.org(data, name);
          boolean known =
              subject.kind() == Subject.Kind.USER
                  ? org.users.contains(subject.id())
                  : org.accounts.containsKey(subject.id());
          if (!known) {
            throw missing("subject", subject.id());
          }
          Role role = org.role(roleName).orElseThrow(() -> missing("role", roleName));
          if (project != null && org.project(project) == null) {
            throw missing("project", project.value());
          }
          Optional<ProjectId> scope = Optional.ofNullable(project);
          for (RoleBinding binding : org.bindings.values()) {
            if (binding.subject().equals(subject)
                && binding.role().equals(role.name())
                && binding.project().equals(scope)) {
              throw new IamException(Reason.ALREADY_EXISTS, "the binding already exists");
            }
          }
          RoleBinding binding = new RoleBinding(newId(), subject, role.name(), scope);
          org.bindings.put(binding.id(), binding);
          return binding;
        });
  }

  /** Removes a binding, unless it is the last Owner binding of the organization. */
  public void unbind(RoleBinding binding) {
    iam.update(
        name,
        "removed the binding of " + binding.subject().id() + " to role " + binding.role(),
        data -> {
          Org org = Iam.org(data, name);
          remove(org.bindings, binding.id(), "binding", binding.id());
          requireOwner(org);
        });
  }

  /** Returns the bindings, oldest first. */
  public List<RoleBinding> bindings() {
    return List.copyOf(org().bindings.values());
  }

  /**
   * Returns whether a subject has a permission.
   *
   * @param project the project; if empty, only bindings of the whole organization apply
   */
  public boolean isAllowed(Subject subject, Optional<ProjectId> project, Permission permission) {
    return org().allows(subject, project.orElse(null), permission);
  }

  private static void removeBindings(Org org, Subject subject) {
    org.bindings.values().removeIf(binding -> binding.subject().equals(subject));
    requireOwner(org);
  }

  private static void requireOwner(Org org) {
    if (!org.hasOwner()) {
      throw new IamException(
          Reason.LAST_OWNER,
          "organization \"" + org.name + "\" must keep one Owner: bind another one first");
    }
  }

  private Org org() {
    return iam.org(name);
  }

  private static void refuseTaken(String kind, String wanted, Stream<String> names) {
    if (names.anyMatch(wanted::equals)) {
      throw taken(kind, wanted);
    }
  }

  private static IamException taken(String kind, String name) {
    return new IamException(Reason.ALREADY_EXISTS, kind + " \"" + name + "\" already exists");
  }

  private static <V> void remove(Map<String, V> from, String key, String kind, String name) {
    V unused = found(from.remove(key), kind, name);
  }

  private static <T> T found(@Nullable T value, String kind, String name) {
    if (value == null) {
      throw missing(kind, name);
    }
    return value;
  }

  private static IamException missing(String kind, String name) {
    return new IamException(Reason.NOT_FOUND, "there is no " + kind + " \"" + name + "\"");
  }

  /** Returns the name. */
  @Override
  public String toString() {
    return "Organization(" + name + ")";
  }
}
