package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.psc.auth.FileTokenSource;
import dev.psc.auth.JwtProjectToken;
import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.IssuedToken;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.Project;
import dev.psc.auth.iam.Role;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The five steps from a project token to a service account, offline. */
@Timeout(60)
class MigrationTest {

  private static final LabelSet CPU = LabelSet.of("__name__", "process_cpu", "job", "web");

  @TempDir Path directory;

  private SendOutcome send(EmbeddedProfileStore store, Path authority, ClientInterceptor auth)
      throws Exception {
    ManagedChannel channel =
        StoreChannels.builder(store.address()).caFile(authority).interceptor(auth).build();
    try (GrpcProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build()) {
      return sink.send(List.of(RawProfile.of(CPU, TestProfiles.cpu("main"))))
          .toCompletableFuture()
          .get(30, TimeUnit.SECONDS);
    }
  }

  private SendOutcome send(
      EmbeddedProfileStore store, Path authority, Path tokenFile, ProjectId project)
      throws Exception {
    try (FileTokenSource token = TokenSource.file(tokenFile)) {
      return send(store, authority, PscAuthInterceptor.create(token, project));
    }
  }

  @Test
  void theFiveStepsOfTheGuideWork() throws Exception {
    Iam iam = Iam.open(directory.resolve("iam.json"));
    Organization acme = iam.createOrganization("acme", "ada@acme.test");
    Project payments = acme.createProject("payments");
    Project search = acme.createProject("search");
    IssuedToken<JwtProjectToken> old = acme.createProjectToken(payments.id(), "before");
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().iam(iam).start()) {
      Path authority = store.writeAuthority(directory.resolve("ca.pem"));
      PscAuthInterceptor before =
          PscAuthInterceptor.builderWithoutProject(TokenSource.fixed(old.token())).build();
      assertThat(send(store, authority, before)).isEqualTo(new SendOutcome.Accepted());

      // 1. A service account.
      ServiceAccount scraper = acme.createServiceAccount("production-scraper");
      // 2. Bound to Profile Writer, for one project.
      acme.bindInProject(Subject.of(scraper), Role.PROFILE_WRITER.name(), payments.id());
      // 3. A token, seen once.
      IssuedToken<ServiceAccountToken> issued = acme.createToken(scraper, "main");
      // 4. In a file, as echo leaves it.
      Path tokenFile =
          Files.writeString(directory.resolve("token"), issued.token().reveal() + "\n");
      // 5. Profiles arrive, in that project only; then the old token goes.
      assertThat(send(store, authority, tokenFile, payments.id()))
          .isEqualTo(new SendOutcome.Accepted());
      assertThat(send(store, authority, tokenFile, search.id()))
          .asInstanceOf(type(SendOutcome.Blocked.class))
          .satisfies(
              blocked -> {
                assertThat(blocked.reason()).isEqualTo("permission_denied");
                assertThat(blocked.message()).contains("Profile Writer");
              });
      acme.revokeProjectToken(payments.id(), old.info());
      assertThat(send(store, authority, before))
          .asInstanceOf(type(SendOutcome.Blocked.class))
          .satisfies(
              blocked -> {
                assertThat(blocked.reason()).isEqualTo("unauthenticated");
                assertThat(blocked.message()).contains("old project token");
              });

      assertThat(store.profiles(payments.id())).hasSize(2);
      assertThat(store.profiles(search.id())).isEmpty();
      assertThat(acme.tokens(scraper).get(0).lastUsed()).isPresent();
    }
    iam.close();
    assertThat(Files.readString(directory.resolve("iam.json")))
        .doesNotContain(old.token().reveal(), "psc_v1_");
  }
}
