package dev.psc.auth.iam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.psc.auth.ProjectId;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TestServer;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IamServerInterceptorTest {

  private final List<AuditEvent.Call> calls = new CopyOnWriteArrayList<>();
  private final Iam iam =
      Iam.builder()
          .audit(
              event -> {
                if (event instanceof AuditEvent.Call call) {
                  calls.add(call);
                }
              })
          .build();
  private final Organization acme = iam.createOrganization("acme", "ada");
  private final Project project = acme.createProject("payments");
  private final ServiceAccount account = acme.createServiceAccount("scraper");
  private final ServiceAccountToken token = acme.createToken(account, "main").token();
  private Server server;
  private ManagedChannel channel;

  private void serve(IamServerInterceptor interceptor) throws Exception {
    server = TestServer.behind(interceptor);
    channel =
        ManagedChannelBuilder.forAddress("localhost", server.getPort()).usePlaintext().build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    TestServer.end(channel);
    server.shutdownNow();
  }

  private Status call(String... namesAndValues) {
    Metadata metadata = new Metadata();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      metadata.put(
          Metadata.Key.of(namesAndValues[i], Metadata.ASCII_STRING_MARSHALLER),
          namesAndValues[i + 1]);
    }
    try {
      ClientCalls.blockingUnaryCall(
          ClientInterceptors.intercept(
              channel, MetadataUtils.newAttachHeadersInterceptor(metadata)),
          TestServer.UNARY,
          CallOptions.DEFAULT,
          "hi");
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  @Test
  void decidesByTheTableAndTellsTheAuditor() throws Exception {
    serve(
        IamServerInterceptor.builder(iam)
            .permission("test.Echo/*", Permission.PROFILE_WRITE)
            .build());
    String bearer = "Bearer " + token.reveal();
    String id = project.id().value();
    assertThat(call().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(call("authorization", bearer).getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(call("authorization", bearer, "projectid", "x").getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(call("authorization", bearer, "projectid", id).getCode())
        .isEqualTo(Status.Code.PERMISSION_DENIED);
    acme.bindInProject(Subject.of(account), "Profile Writer", project.id());
    assertThat(call("authorization", bearer, "projectid", id).getCode()).isEqualTo(Status.Code.OK);
    assertThat(call("authorization", bearer, "projectid", ProjectId.random().value()).getCode())
        .isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(call("authorization", bearer, "authorization", bearer, "projectid", id).getCode())
        .isEqualTo(Status.Code.UNAUTHENTICATED);
    assertThat(call("authorization", bearer, "projectid", id, "projectid", id).getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);

    assertThat(calls).hasSize(8);
    assertThat(calls.get(4).outcome()).isEqualTo(Status.Code.OK);
    assertThat(calls.get(4).caller().orElseThrow().serviceAccount()).contains(account);
    assertThat(calls.get(4).project()).contains(project.id());
    assertThat(calls.get(3).tokenFingerprint()).contains(token.fingerprint());
    assertThat(calls.get(2).project()).isEmpty();
    assertThat(calls.toString()).doesNotContain("psc_v1_");
  }

  @Test
  void refusesMethodsThatAreNotInTheTable() throws Exception {
    serve(IamServerInterceptor.create(iam));
    acme.bind(Subject.of(account), "Owner");
    Status status =
        call("authorization", "Bearer " + token.reveal(), "projectid", project.id().value());
    assertThat(status.getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
    assertThat(status.getDescription()).contains("test.Echo/Unary");
  }

  @Test
  void opensMethodsToEverybodyWhenTold() throws Exception {
    serve(IamServerInterceptor.builder(iam).open("test.Echo/*").build());
    assertThat(call().getCode()).isEqualTo(Status.Code.OK);
    for (String noMethod : List.of("Echo", "/Echo", "")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> IamServerInterceptor.builder(iam).open(noMethod))
          .withMessageEndingWith("but was " + noMethod);
    }
    assertThat(catchThrowableOfType(IamException.class, () -> iam.organization("none")))
        .isNotNull();
  }

  @Test
  void anEntryOfItsOwnCountsBeforeTheServices() throws Exception {
    serve(
        IamServerInterceptor.builder(iam)
            .open("test.Echo/*")
            .permission("test.Echo/Unary", Permission.PROFILE_WRITE)
            .build());
    assertThat(call().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }

  @Test
  void theLastEntryOfAMethodCounts() throws Exception {
    serve(
        IamServerInterceptor.builder(iam)
            .permission("test.Echo/Unary", Permission.PROFILE_WRITE)
            .open("test.Echo/Unary")
            .build());
    assertThat(call().getCode()).isEqualTo(Status.Code.OK);
    stop();
    serve(
        IamServerInterceptor.builder(iam)
            .open("test.Echo/Unary")
            .permission("test.Echo/Unary", Permission.PROFILE_WRITE)
            .build());
    assertThat(call().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
  }
}
