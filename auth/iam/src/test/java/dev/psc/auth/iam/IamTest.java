package dev.psc.auth.iam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.psc.auth.BearerToken;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.IamException.Reason;
import io.grpc.Status;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class IamTest {

  private final List<AuditEvent> events = new ArrayList<>();
  private final Iam iam = Iam.builder().audit(events::add).build();
  private final Organization acme = iam.createOrganization("acme", "ada@acme.test");
  private final Project payments = acme.createProject("payments");
  private final Project search = acme.createProject("search");
  private final ServiceAccount scraper = acme.createServiceAccount("production-scraper");

  private static String header(BearerToken token) {
    return "Bearer " + token.reveal();
  }

  private Object decide(@Nullable BearerToken token, @Nullable ProjectId project) {
    AccessDecision decision =
        iam.decide(
            token == null ? null : header(token),
            project == null ? null : project.value(),
            Permission.PROFILE_WRITE);
    return decision instanceof AccessDecision.Refused refused ? refused.code() : Status.Code.OK;
  }

  private static void assertRefused(Reason reason, Runnable change) {
    assertThatExceptionOfType(IamException.class)
        .isThrownBy(change::run)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void aBindingDecidesWhereATokenMayWrite() {
    ServiceAccountToken token = acme.createToken(scraper, "main").token();
    assertThat(decide(token, payments.id())).isEqualTo(Status.Code.PERMISSION_DENIED);
    RoleBinding binding =
        acme.bindInProject(Subject.of(scraper), Role.PROFILE_WRITER.name(), payments.id());
    assertThat(decide(token, payments.id())).isEqualTo(Status.Code.OK);
    assertThat(decide(token, search.id())).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(iam.decide(header(token), payments.id().value(), Permission.PROFILE_READ))
        .isInstanceOf(AccessDecision.Refused.class);
    acme.unbind(binding);
    assertThat(decide(token, payments.id())).isEqualTo(Status.Code.PERMISSION_DENIED);
    acme.bind(Subject.of(scraper), "profile writer");
    assertThat(decide(token, search.id())).isEqualTo(Status.Code.OK);
  }

  @Test
  void tellsWhoWasLetThrough() {
    IssuedToken<ServiceAccountToken> issued = acme.createToken(scraper, "main");
    acme.bind(Subject.of(scraper), Role.PROFILE_WRITER.name());
    assertThat(iam.decide(header(issued.token()), payments.id().value(), Permission.PROFILE_WRITE))
        .isEqualTo(
            new AccessDecision.Granted(
                new Caller(
                    "acme", Optional.of(scraper), payments.id(), issued.info().fingerprint())));
  }

  @Test
  void answersTheSameForWhatIsMissingAndWhatIsSomebodyElses() {
    Organization other = iam.createOrganization("other", "bob@other.test");
    Project theirs = other.createProject("secret-plans");
    ServiceAccountToken token = acme.createToken(scraper, "main").token();
    acme.bind(Subject.of(scraper), Role.OWNER.name());
    AccessDecision foreign =
        iam.decide(header(token), theirs.id().value(), Permission.PROFILE_WRITE);
    AccessDecision absent =
        iam.decide(header(token), ProjectId.random().value(), Permission.PROFILE_WRITE);
    assertThat(foreign).isEqualTo(absent).isInstanceOf(AccessDecision.Refused.class);

    String unknown = header(ServiceAccountToken.generate(new SecureRandom()));
    assertThat(iam.decide(unknown, theirs.id().value(), Permission.PROFILE_WRITE))
        .isEqualTo(iam.decide("Bearer x", theirs.id().value(), Permission.PROFILE_WRITE))
        .isEqualTo(iam.decide("Basic x", theirs.id().value(), Permission.PROFILE_WRITE));
  }

  @Test
  void saysWhatIsMissingInACall() {
    ServiceAccountToken token = acme.createToken(scraper, "main").token();
    acme.bind(Subject.of(scraper), Role.WRITER.name());
    assertThat(decide(null, payments.id())).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(decide(token, null)).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(iam.decide(header(token), "payments", Permission.PROFILE_WRITE))
        .isInstanceOfSatisfying(
            AccessDecision.Refused.class,
            refused -> {
              assertThat(refused.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(refused.message()).contains("UUID").doesNotContain("payments");
            });
  }

  @Test
  void revocationAndDeletionCountFromTheNextCall() {
    acme.bind(Subject.of(scraper), Role.PROFILE_WRITER.name());
    IssuedToken<ServiceAccountToken> first = acme.createToken(scraper, "first");
    IssuedToken<ServiceAccountToken> second = acme.createToken(scraper, "second");
    acme.revokeToken(scraper, first.info());
    assertThat(decide(first.token(), payments.id())).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(decide(second.token(), payments.id())).isEqualTo(Status.Code.OK);
    acme.deleteProject(payments.id());
    assertThat(decide(second.token(), payments.id())).isEqualTo(Status.Code.PERMISSION_DENIED);
    acme.deleteServiceAccount(scraper);
    assertThat(decide(second.token(), search.id())).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(acme.bindings())
        .extracting(RoleBinding::subject)
        .doesNotContain(Subject.of(scraper));
    assertRefused(Reason.NOT_FOUND, () -> acme.createToken(scraper, "third"));
    assertRefused(Reason.NOT_FOUND, () -> acme.revokeToken(scraper, second.info()));
  }

  @Test
  void aProjectTokenOfTheOlderSchemeCountsInItsProjectUntilItIsRevoked() {
    IssuedToken<JwtProjectToken> old = acme.createProjectToken(payments.id(), "legacy");
    assertThat(old.token().claimedProject()).contains(payments.id());
    assertThat(decide(old.token(), null)).isEqualTo(Status.Code.OK);
    assertThat(decide(old.token(), payments.id())).isEqualTo(Status.Code.OK);
    assertThat(decide(old.token(), search.id())).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(acme.projectTokens(payments.id())).hasSize(1);
    acme.revokeProjectToken(payments.id(), old.info());
    assertThat(decide(old.token(), null)).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void keepsTheQuotas() {
    for (int i = 1; i < Organization.SERVICE_ACCOUNT_LIMIT; i++) {
      acme.createServiceAccount("account-" + i);
    }
    assertRefused(Reason.QUOTA_EXCEEDED, () -> acme.createServiceAccount("one-too-many"));
    acme.deleteServiceAccount(acme.serviceAccount("account-1").orElseThrow());
    assertThat(acme.createServiceAccount("fits").name()).isEqualTo("fits");

    for (int i = 0; i < Organization.TOKEN_LIMIT; i++) {
      acme.createToken(scraper, "token-" + i);
    }
    assertRefused(Reason.QUOTA_EXCEEDED, () -> acme.createToken(scraper, "one-too-many"));
    acme.revokeToken(scraper, acme.tokens(scraper).get(0));
    assertThat(acme.createToken(scraper, "fits").info().name()).isEqualTo("fits");
  }

  @Test
  void keepsTheLastOwner() {
    RoleBinding ada = acme.bindings().get(0);
    assertRefused(Reason.LAST_OWNER, () -> acme.unbind(ada));
    assertRefused(Reason.LAST_OWNER, () -> acme.removeUser("ada@acme.test"));
    acme.bindInProject(Subject.of(scraper), Role.OWNER.name(), payments.id());
    assertRefused(Reason.LAST_OWNER, () -> acme.unbind(ada));
    assertThat(acme.bindings()).contains(ada);
    assertThat(acme.users()).containsExactly("ada@acme.test");
    acme.addUser("eve@acme.test");
    RoleBinding eve = acme.bind(Subject.user("eve@acme.test"), Role.OWNER.name());
    acme.unbind(ada);
    assertRefused(Reason.LAST_OWNER, () -> acme.unbind(eve));
    acme.bind(Subject.of(scraper), Role.OWNER.name());
    acme.removeUser("eve@acme.test");
    assertRefused(Reason.LAST_OWNER, () -> acme.deleteServiceAccount(scraper));
  }

  @Test
  void systemRolesAllowWhatTheyAreFor() {
    assertThat(Role.OWNER.permissions()).containsExactlyInAnyOrder(Permission.values());
    assertThat(Role.PROFILE_WRITER.permissions()).containsExactly(Permission.PROFILE_WRITE);
    assertThat(Role.DEBUG_INFO_WRITER.permissions()).containsExactly(Permission.DEBUGINFO_WRITE);
    assertThat(Role.VIEWER.permissions())
        .contains(Permission.PROFILE_READ, Permission.PROJECT_LIST)
        .allMatch(p -> p.text().endsWith(".read") || p.text().endsWith(".list"));
    assertThat(Role.WRITER.permissions())
        .containsAll(Role.VIEWER.permissions())
        .contains(Permission.PROFILE_WRITE, Permission.DEBUGINFO_WRITE)
        .hasSize(Role.VIEWER.permissions().size() + 2);
    assertThat(Permission.of("organization.usage.read"))
        .contains(Permission.ORGANIZATION_USAGE_READ);
    assertThat(Permission.of("profile.eat")).isEmpty();
  }

  @Test
  void permissionsReadAsTheCloudSpellsThem() {
    for (Permission permission : Permission.values()) {
      assertThat(Permission.of(permission.toString())).contains(permission);
    }
  }

  @Test
  void customRolesCountWhileTheyAreBound() {
    ServiceAccountToken token = acme.createToken(scraper, "main").token();
    Role role = acme.createRole(Role.custom("uploader", Set.of(Permission.PROFILE_WRITE)));
    RoleBinding binding = acme.bind(Subject.of(scraper), "uploader");
    assertThat(decide(token, payments.id())).isEqualTo(Status.Code.OK);
    assertThat(acme.roles()).contains(role, Role.OWNER);
    assertRefused(Reason.IN_USE, () -> acme.deleteRole("uploader"));
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.createRole(role));
    assertRefused(Reason.ALREADY_EXISTS, () -> Role.custom("owner", Set.of()));
    assertRefused(Reason.IN_USE, () -> acme.deleteRole("Owner"));
    acme.unbind(binding);
    acme.deleteRole("uploader");
    assertRefused(Reason.NOT_FOUND, () -> acme.bind(Subject.of(scraper), "uploader"));
  }

  @Test
  void refusesWhatDoesNotExistOrIsTaken() {
    assertRefused(Reason.NOT_FOUND, () -> iam.organization("none"));
    assertRefused(Reason.ALREADY_EXISTS, () -> iam.createOrganization("acme", "x"));
    assertRefused(Reason.INVALID, () -> iam.createOrganization(" ", "x"));
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.createServiceAccount("production-scraper"));
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.createProject("payments"));
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.createProject("copy", payments.id()));
    assertRefused(Reason.INVALID, () -> acme.createServiceAccount("a\nb"));
    assertRefused(Reason.NOT_FOUND, () -> acme.bind(Subject.user("nobody"), "Owner"));
    assertRefused(
        Reason.NOT_FOUND,
        () -> acme.bindInProject(Subject.of(scraper), "Owner", ProjectId.random()));
    acme.bind(Subject.of(scraper), "Viewer");
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.bind(Subject.of(scraper), "Viewer"));
    acme.createToken(scraper, "same");
    assertRefused(Reason.ALREADY_EXISTS, () -> acme.createToken(scraper, "same"));
  }

  @Test
  void notesCreationAndLastUse() {
    FakeClock clock = new FakeClock();
    Instant start = clock.instant();
    Iam timed = Iam.builder().clock(clock).build();
    Organization org = timed.createOrganization("org", "owner");
    ServiceAccount account = org.createServiceAccount("a");
    IssuedToken<ServiceAccountToken> issued = org.createToken(account, "t");
    ProjectId project = org.createProject("p").id();
    IssuedToken<JwtProjectToken> older = org.createProjectToken(project, "t");
    assertThat(issued.info().created()).isEqualTo(start);
    assertThat(issued.info().lastUsed()).isEmpty();
    for (int use = 0; use < 2; use++) {
      clock.advance(Duration.ofHours(1));
      timed.decide(header(issued.token()), null, Permission.PROFILE_WRITE);
      timed.decide(header(older.token()), project.value(), Permission.PROFILE_WRITE);
      assertThat(org.tokens(account).get(0).lastUsed()).contains(clock.instant());
      assertThat(org.projectTokens(project).get(0).lastUsed()).contains(clock.instant());
    }
  }

  @Test
  void tellsTheAuditorOfChangesWithoutSecrets() {
    ServiceAccountToken token = acme.createToken(scraper, "main").token();
    assertThat(events)
        .extracting(Object::toString)
        .anyMatch(event -> event.contains("created service account production-scraper"))
        .anyMatch(event -> event.contains("created token main"))
        .noneMatch(event -> event.contains(token.reveal()));
    assertThat(acme.createToken(scraper, "other").toString()).doesNotContain("psc_v1_");
  }

  @Test
  void tellsTheAuditorWhereABindingCounts() {
    acme.bindInProject(Subject.of(scraper), "Viewer", payments.id());
    assertThat(events.get(events.size() - 1).toString()).contains("in project " + payments.id());
    acme.bind(Subject.of(scraper), "Viewer");
    assertThat(events.get(events.size() - 1).toString())
        .contains("to role Viewer")
        .doesNotContain("in project");
  }

  @Test
  void anAuditorThatThrowsChangesNothing() {
    Iam audited =
        Iam.builder()
            .audit(
                event -> {
                  throw new IllegalStateException("auditor");
                })
            .build();
    assertThat(audited.createOrganization("org", "owner").users()).containsExactly("owner");
  }

  @Test
  void everyNameIsChecked() {
    for (String bad : List.of("", " ", " a", "a ", "a\nb", "x".repeat(101))) {
      assertRefused(Reason.INVALID, () -> iam.createOrganization(bad, "x"));
      assertRefused(Reason.INVALID, () -> iam.createOrganization("new", bad));
      assertRefused(Reason.INVALID, () -> acme.createProject(bad));
      assertRefused(Reason.INVALID, () -> acme.addUser(bad));
      assertRefused(Reason.INVALID, () -> acme.createServiceAccount(bad));
      assertRefused(Reason.INVALID, () -> acme.createToken(scraper, bad));
      assertRefused(Reason.INVALID, () -> acme.createProjectToken(payments.id(), bad));
      assertRefused(
          Reason.INVALID,
          () -> acme.importToken(scraper, bad, ServiceAccountToken.generate(new SecureRandom())));
      assertRefused(Reason.INVALID, () -> Role.custom(bad, Set.of()));
    }
    assertThat(acme.createProject("x".repeat(100)).name()).hasSize(100);
  }

  @Test
  void listsWhatThereIsOldestFirst() {
    assertThat(acme.name()).isEqualTo("acme");
    assertThat(acme).hasToString("Organization(acme)");
    assertThat(acme.projects()).containsExactly(payments, search);
    assertThat(acme.serviceAccounts()).containsExactly(scraper);
    acme.addUser("zoe@acme.test");
    acme.addUser("bob@acme.test");
    assertThat(acme.users()).containsExactly("ada@acme.test", "bob@acme.test", "zoe@acme.test");
  }

  @Test
  void whatIsDeletedTakesItsOwnBindingsAlong() {
    RoleBinding here = acme.bindInProject(Subject.of(scraper), "Viewer", payments.id());
    RoleBinding there = acme.bindInProject(Subject.of(scraper), "Viewer", search.id());
    RoleBinding everywhere = acme.bind(Subject.of(scraper), "Viewer");
    acme.deleteProject(payments.id());
    assertThat(acme.bindings()).contains(there, everywhere).doesNotContain(here);
    assertRefused(Reason.NOT_FOUND, () -> acme.deleteProject(payments.id()));
    assertRefused(Reason.NOT_FOUND, () -> acme.unbind(here));
  }

  @Test
  void bindingsDifferBySubjectRoleAndPlace() {
    ServiceAccount other = acme.createServiceAccount("other");
    Set<RoleBinding> all =
        Set.of(
            acme.bind(Subject.of(scraper), "Viewer"),
            acme.bind(Subject.of(other), "Viewer"),
            acme.bind(Subject.of(scraper), "Writer"),
            acme.bindInProject(Subject.of(scraper), "Viewer", payments.id()),
            acme.bindInProject(Subject.of(scraper), "Viewer", search.id()));
    assertThat(acme.bindings()).containsAll(all);
    assertRefused(
        Reason.ALREADY_EXISTS,
        () -> acme.bindInProject(Subject.of(scraper), "viewer", search.id()));
  }

  @Test
  void answersWhatASubjectMay() {
    acme.bindInProject(Subject.of(scraper), "Profile Writer", payments.id());
    Subject subject = Subject.of(scraper);
    assertThat(acme.isAllowed(subject, Optional.of(payments.id()), Permission.PROFILE_WRITE))
        .isTrue();
    assertThat(acme.isAllowed(subject, Optional.of(payments.id()), Permission.PROFILE_READ))
        .isFalse();
    assertThat(acme.isAllowed(subject, Optional.of(search.id()), Permission.PROFILE_WRITE))
        .isFalse();
    assertThat(acme.isAllowed(subject, Optional.empty(), Permission.PROFILE_WRITE)).isFalse();
    assertThat(
            acme.isAllowed(
                Subject.user("ada@acme.test"), Optional.empty(), Permission.PROFILE_WRITE))
        .isTrue();
  }

  @Test
  void anImportedTokenCountsLikeOneThatWasMadeHere() {
    ServiceAccountToken token = ServiceAccountToken.generate(new SecureRandom());
    TokenInfo info = acme.importToken(scraper, "from before", token);
    assertThat(info.fingerprint()).isEqualTo(token.fingerprint());
    acme.bind(Subject.of(scraper), "Profile Writer");
    assertThat(decide(token, payments.id())).isEqualTo(Status.Code.OK);
    assertRefused(
        Reason.ALREADY_EXISTS,
        () ->
            acme.importToken(
                scraper, "from before", ServiceAccountToken.generate(new SecureRandom())));
  }

  @Test
  void aProjectTokenOfTheOlderSchemeMayWhatAWriterMayAndNoMore() {
    String header = header(acme.createProjectToken(payments.id(), "legacy").token());
    String id = payments.id().value();
    assertThat(iam.decide(header, id, Permission.PROFILE_WRITE))
        .isInstanceOf(AccessDecision.Granted.class);
    assertThat(iam.decide(header, id, Permission.BILLING_READ))
        .isInstanceOf(AccessDecision.Refused.class);
    assertThat(acme.createProjectToken(payments.id(), "second").token())
        .as("not to be guessed from the first")
        .isNotEqualTo(acme.createProjectToken(payments.id(), "third").token());
  }

  @Test
  void rolesAreEqualWhenTheyAllowTheSameUnderOneName() {
    Role role = Role.custom("uploader", Set.of(Permission.PROFILE_WRITE));
    assertThat(role)
        .isEqualTo(Role.custom("uploader", List.of(Permission.PROFILE_WRITE)))
        .hasSameHashCodeAs(Role.custom("uploader", List.of(Permission.PROFILE_WRITE)))
        .isNotEqualTo(Role.custom("uploader", Set.of()))
        .isNotEqualTo(Role.custom("loader", Set.of(Permission.PROFILE_WRITE)))
        .isNotEqualTo("uploader")
        .hasToString("uploader");
    assertThat(role.isSystem()).isFalse();
    assertThat(Role.systemRoles()).allMatch(Role::isSystem).hasSize(5);
  }
}
