package dev.psc.examples.quickstart;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.IssuedToken;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.RoleBinding;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.auth.iam.TokenInfo;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The command that shows and changes the access model of a store. */
@Command(
    name = "iam",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Shows and changes an access model, as the cloud's console does.",
      "In a running store with the same file, changes take effect with the next call."
    })
final class IamCommand implements Runnable {

  static final String ORGANIZATION = "quickstart";

  @Spec private CommandSpec spec;

  @Option(
      names = {"--iam-file", "--file"},
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      defaultValue = "iam.json",
      description = "The access model; ${DEFAULT-VALUE} by default.")
  private Path file;

  @Option(
      names = "--organization",
      paramLabel = "NAME",
      scope = ScopeType.INHERIT,
      defaultValue = ORGANIZATION,
      description = "The organization; ${DEFAULT-VALUE} by default.")
  private String organizationName;

  @SuppressWarnings("NullAway.Init") // picocli sets options with defaults
  IamCommand() {}

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "iam needs a command");
  }

  @Command(name = "create-project", description = "Creates a project and prints its id.")
  int createProject(
      @Parameters(paramLabel = "NAME") String name,
      @Option(
              names = "--id",
              paramLabel = "ID",
              description = "The project id; a new one by default.")
          Optional<String> id) {
    return change(
        organization ->
            id.isPresent()
                ? organization.createProject(name, ProjectId.parse(id.get())).id().value()
                : organization.createProject(name).id().value());
  }

  @Command(name = "create-account", description = "Creates a service account.")
  int createAccount(@Parameters(paramLabel = "NAME") String name) {
    return change(organization -> "created " + organization.createServiceAccount(name).name());
  }

  @Command(
      name = "delete-account",
      description = "Deletes a service account with its tokens and bindings.")
  int deleteAccount(@Parameters(paramLabel = "NAME") String name) {
    return change(
        organization -> {
          organization.deleteServiceAccount(account(organization, name));
          return "deleted " + name;
        });
  }

  @Command(name = "bind-role", description = "Binds a role to a service account.")
  int bindRole(
      @Parameters(paramLabel = "ACCOUNT") String account,
      @Parameters(paramLabel = "ROLE", description = "For example \"Profile Writer\".") String role,
      @Option(
              names = {"--project-id", "--project"},
              paramLabel = "ID",
              description = "The project of the scope; all projects by default.")
          Optional<String> project) {
    return change(
        organization -> {
          Subject subject = Subject.of(account(organization, account));
          RoleBinding binding =
              project.isPresent()
                  ? organization.bindInProject(subject, role, ProjectId.parse(project.get()))
                  : organization.bind(subject, role);
          return "bound " + account + " to " + binding.role() + scope(binding);
        });
  }

  @Command(name = "unbind-role", description = "Removes a role from a service account.")
  int unbindRole(
      @Parameters(paramLabel = "ACCOUNT") String account,
      @Parameters(paramLabel = "ROLE") String role) {
    return change(
        organization -> {
          Subject subject = Subject.of(account(organization, account));
          long removed = 0;
          for (RoleBinding binding : organization.bindings()) {
            if (binding.subject().equals(subject) && binding.role().equals(role)) {
              organization.unbind(binding);
              removed++;
            }
          }
          if (removed == 0) {
            throw new IllegalArgumentException(account + " does not have the role " + role);
          }
          return "removed " + role + " from " + account;
        });
  }

  @Command(
      name = "create-token",
      description =
          "Creates a token, and prints it or writes it to a file. It cannot be shown again.")
  int createToken(
      @Parameters(paramLabel = "ACCOUNT") String account,
      @Parameters(paramLabel = "NAME") String name,
      @Option(names = "--token-file", paramLabel = "FILE") Optional<Path> tokenFile)
      throws IOException {
    try (Iam iam = Iam.open(file)) {
      Organization organization = organization(iam, organizationName);
      IssuedToken<ServiceAccountToken> issued =
          organization.createToken(account(organization, account), name);
      if (tokenFile.isPresent()) {
        TokenFile.write(tokenFile.get(), issued.token());
        println("wrote token #" + issued.info().fingerprint() + " to " + tokenFile.get());
      } else {
        println(issued.token().reveal());
      }
      return 0;
    }
  }

  @Command(name = "revoke", description = "Revokes a token of a service account.")
  int revoke(
      @Parameters(paramLabel = "ACCOUNT") String account,
      @Parameters(paramLabel = "NAME", description = "The token's name or #fingerprint.")
          String name) {
    return change(
        organization -> {
          ServiceAccount owner = account(organization, account);
          TokenInfo token =
              organization.tokens(owner).stream()
                  .filter(
                      info -> info.name().equals(name) || ("#" + info.fingerprint()).equals(name))
                  .findFirst()
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              account + " has no token \"" + name + "\": see list"));
          organization.revokeToken(owner, token);
          return "revoked " + token.name() + " (#" + token.fingerprint() + ")";
        });
  }

  @Command(
      name = "create-project-token",
      description = "Creates a project token of the older scheme, for tests of a migration.")
  int createProjectToken(
      @Parameters(paramLabel = "PROJECT") String project,
      @Parameters(paramLabel = "NAME") String name) {
    return change(
        organization ->
            organization.createProjectToken(ProjectId.parse(project), name).token().reveal());
  }

  @Command(name = "revoke-project-token", description = "Revokes a project token.")
  int revokeProjectToken(
      @Parameters(paramLabel = "PROJECT") String project,
      @Parameters(paramLabel = "NAME") String name) {
    return change(
        organization -> {
          ProjectId id = ProjectId.parse(project);
          TokenInfo token =
              organization.projectTokens(id).stream()
                  .filter(info -> info.name().equals(name))
                  .findFirst()
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              "project " + id + " has no token \"" + name + "\": see list"));
          organization.revokeProjectToken(id, token);
          return "revoked " + token.name() + " (#" + token.fingerprint() + ")";
        });
  }

  @Command(name = "list", description = "Shows projects, accounts, bindings and tokens.")
  int list() {
    try (Iam iam = Iam.open(file)) {
      for (Organization organization : iam.organizations()) {
        println("organization " + organization.name());
        organization
            .projects()
            .forEach(
                project -> {
                  println("  project " + project.id() + "  " + project.name());
                  organization
                      .projectTokens(project.id())
                      .forEach(info -> println("    old " + of(info)));
                });
        organization.serviceAccounts().forEach(account -> list(organization, account));
      }
      return 0;
    }
  }

  private void list(Organization organization, ServiceAccount account) {
    println("  service account " + account.name());
    organization.bindings().stream()
        .filter(binding -> binding.subject().equals(Subject.of(account)))
        .forEach(binding -> println("    role " + binding.role() + scope(binding)));
    organization.tokens(account).forEach(info -> println("    " + of(info)));
  }

  private static String of(TokenInfo info) {
    return "token "
        + info.name()
        + " (#"
        + info.fingerprint()
        + "), created "
        + info.created()
        + ", last used "
        + info.lastUsed().map(Object::toString).orElse("never");
  }

  private static String scope(RoleBinding binding) {
    return binding.project().map(project -> " in project " + project).orElse(" in all projects");
  }

  /** A change of an organization that returns a message. */
  private interface Change {
    String apply(Organization organization);
  }

  private int change(Change change) {
    try (Iam iam = Iam.open(file)) {
      println(change.apply(organization(iam, organizationName)));
      return 0;
    }
  }

  private void println(String line) {
    PrintWriter out = spec.commandLine().getOut();
    out.println(line);
    out.flush();
  }

  private static ServiceAccount account(Organization organization, String name) {
    return organization
        .serviceAccount(name)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no service account \"" + name + "\": see list"));
  }

  /** Returns the organization of a name; creates a missing one. */
  static Organization organization(Iam iam, String name) {
    return iam.organizations().stream()
        .filter(organization -> organization.name().equals(name))
        .findFirst()
        .orElseGet(() -> iam.createOrganization(name, "owner@localhost"));
  }
}
