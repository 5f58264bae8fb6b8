package dev.psc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.TokenSource;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.Subject;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.label.LabelSet;
import dev.psc.pprof.Profile;
import dev.psc.pprof.format.SampleType;
import dev.psc.pprof.report.Top;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EmbeddedProfileStoreTest {

  private static final LabelSet CPU = LabelSet.of("__name__", "process_cpu", "job", "web");

  private final List<ManagedChannel> channels = new ArrayList<>();
  private EmbeddedProfileStore store;

  @BeforeEach
  void start() {
    store = EmbeddedProfileStore.builder().start();
  }

  @AfterEach
  void stop() {
    channels.forEach(ManagedChannel::shutdownNow);
    store.close();
  }

  @Test
  void acceptsProfilesWhileAClientOpensAndCancelsCalls() throws Exception {
    ManagedChannel hostile = open(store.openChannel());
    for (int i = 0; i < 5_000; i++) {
      Context.CancellableContext context = Context.current().withCancellation();
      context.run(
          () ->
              HealthGrpc.newStub(hostile)
                  .watch(HealthCheckRequest.getDefaultInstance(), new IgnoredAnswers()));
      context.cancel(null);
    }
    assertThat(send(own(), RawProfile.of(CPU, TinyPprof.numbered(1))))
        .isEqualTo(new SendOutcome.Accepted());
    assertThat(
            HealthGrpc.newBlockingStub(open(store.openChannel()))
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
  }

  private static final class IgnoredAnswers implements StreamObserver<HealthCheckResponse> {
    @Override
    public void onNext(HealthCheckResponse value) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }

  @Test
  void keepsWhatItTakes() throws Exception {
    byte[] pprof = TinyPprof.numbered(1);

    assertThat(send(own(), RawProfile.of(CPU, pprof))).isEqualTo(new SendOutcome.Accepted());

    assertThat(store.series(store.project())).containsExactly(CPU);
    assertThat(store.profiles(store.project(), CPU))
        .singleElement()
        .satisfies(
            profile -> {
              assertThat(profile.pprof()).isEqualTo(pprof);
              assertThat(profile.name()).isEqualTo("process_cpu");
              assertThat(profile.normalized()).isFalse();
              assertThat(profile.file()).isEmpty();
            });
    assertThat(store.duplicateCount()).isZero();
  }

  @Test
  void sumsUpWhatItTook() throws Exception {
    GrpcProfileSink sink = own();
    send(sink, RawProfile.of(CPU, new TinyPprof().sample("a", 1, 10).sample("b", 2, 20).gzip()));
    send(sink, RawProfile.of(CPU.with("pod", "x"), new TinyPprof().sample("a", 5, 50).gzip()));
    send(sink, RawProfile.of(CPU.with("__name__", "wall"), TinyPprof.numbered(1)));

    Profile merged = store.merged(store.project(), "process_cpu").orElseThrow();
    Top top = store.top(store.project(), "process_cpu", "cpu").orElseThrow();

    assertThat(merged.sampleTypes())
        .containsExactly(new SampleType("samples", "count"), new SampleType("cpu", "nanoseconds"));
    assertThat(merged.totals()).containsExactly(8, 80);
    assertThat(top.rows(Top.Order.FLAT))
        .extracting(Top.Row::function, Top.Row::flat)
        .containsExactly(tuple("a", 60L), tuple("b", 20L));
    assertThat(store.top(store.project(), "process_cpu", "wall")).isEmpty();
    assertThat(store.merged(store.project(), "memory")).isEmpty();
  }

  @Test
  void drawsTheNewestProfileOfEachSeriesAndLinksToIt(@TempDir Path directory) throws Exception {
    GrpcProfileSink sink = own();
    LabelSet odd = CPU.with("pod", "<b>\"&");
    TinyPprof newest = new TinyPprof().sample("newestFrame", 1, 10);
    newest.timeNanos++;
    send(sink, RawProfile.of(CPU, newest.gzip()));
    send(sink, RawProfile.of(CPU, new TinyPprof().sample("earlierFrame", 1, 10).gzip()));
    send(sink, RawProfile.of(odd, new TinyPprof().sample("otherFrame", 1, 10).gzip()));

    Path index = store.writeFlameGraphs(directory);

    assertThat(index).isEqualTo(directory.resolve("index.html"));
    assertThat(Files.readString(index)).doesNotContain("<b>").contains("&lt;b&gt;");
    List<String> pages =
        Pattern.compile("<a href=\"([^\"]+)\">process_cpu</a>")
            .matcher(Files.readString(index))
            .results()
            .map(link -> link.group(1))
            .toList();
    assertThat(pages).hasSize(2);
    assertThat(directory.resolve(pages.get(0)))
        .content()
        .contains("<html", "newestFrame")
        .doesNotContain("earlierFrame");
    assertThat(directory.resolve(pages.get(1))).content().contains("otherFrame");
  }

  @Test
  void countsWhatItHadAlready() throws Exception {
    GrpcProfileSink sink = own();
    RawProfile profile = RawProfile.of(CPU, TinyPprof.numbered(1));

    send(sink, profile);
    send(sink, profile, RawProfile.of(CPU, TinyPprof.numbered(2)));

    assertThat(store.profileCount()).isEqualTo(3);
    assertThat(store.duplicateCount()).isEqualTo(1);
  }

  @Test
  void refusesATokenItDoesNotKnow() throws Exception {
    ManagedChannel channel =
        open(
            store.openChannel(
                TokenSource.fixed(ServiceAccountToken.generate(new SecureRandom())),
                store.project()));

    assertThat(send(GrpcProfileSink.create(channel), RawProfile.of(CPU, TinyPprof.numbered(1))))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(blocked -> assertThat(blocked.reason()).isEqualTo("unauthenticated"));
    assertThat(store.requestCount()).isZero();
  }

  @Test
  void refusesAProjectItDoesNotHave() throws Exception {
    ManagedChannel channel =
        open(store.openChannel(TokenSource.fixed(store.token()), ProjectId.random()));

    assertThat(send(GrpcProfileSink.create(channel), RawProfile.of(CPU, TinyPprof.numbered(1))))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(blocked -> assertThat(blocked.reason()).isEqualTo("permission_denied"));
  }

  @Test
  void refusesACallWithoutAProject() throws Exception {
    ManagedChannel channel =
        open(
            StoreChannels.builder(store.address())
                .caFile(store.writeAuthority(Files.createTempFile("psc-authority", ".pem")))
                .interceptor(
                    PscAuthInterceptor.builderWithoutProject(TokenSource.fixed(store.token()))
                        .build())
                .build());

    assertThat(send(GrpcProfileSink.create(channel), RawProfile.of(CPU, TinyPprof.numbered(1))))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(
            blocked -> {
              assertThat(blocked.reason()).isEqualTo("invalid_project");
              assertThat(blocked.message()).contains("projectID is missing");
            });
  }

  @Test
  void refusesACallWithoutAToken() throws Exception {
    ManagedChannel channel =
        open(
            StoreChannels.builder(store.address())
                .caFile(store.writeAuthority(Files.createTempFile("psc-authority", ".pem")))
                .build());

    assertThat(send(GrpcProfileSink.create(channel), RawProfile.of(CPU, TinyPprof.numbered(1))))
        .asInstanceOf(type(SendOutcome.Blocked.class))
        .satisfies(blocked -> assertThat(blocked.reason()).isEqualTo("unauthenticated"));
    assertThat(
            HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(HealthCheckResponse.ServingStatus.SERVING);
  }

  @Test
  void takesGivenTokensAndProjectsOverPlaintext() throws Exception {
    ServiceAccountToken token = ServiceAccountToken.generate(new SecureRandom());
    ProjectId first = ProjectId.random();
    ProjectId second = ProjectId.random();
    try (EmbeddedProfileStore plain =
        EmbeddedProfileStore.builder()
            .plaintext()
            .token(token)
            .project(first)
            .project(second)
            .start()) {
      ManagedChannel channel = open(plain.openChannel(TokenSource.fixed(token), second));

      assertThat(send(GrpcProfileSink.create(channel), RawProfile.of(CPU, TinyPprof.numbered(1))))
          .isEqualTo(new SendOutcome.Accepted());

      assertThat(plain.profiles(first)).isEmpty();
      assertThat(plain.profiles(second)).hasSize(1);
      assertThatThrownBy(plain::authorityPem).hasMessageContaining("plaintext");
    }
  }

  @Test
  void keepsFilesWhereItIsGivenADirectory(@TempDir Path directory) throws Exception {
    try (EmbeddedProfileStore onDisk =
        EmbeddedProfileStore.builder().directory(directory).start()) {
      GrpcProfileSink sink = GrpcProfileSink.create(open(onDisk.openChannel()));
      LabelSet odd = LabelSet.of("__name__", "../\"x\"", "path", "a\\b\n\"c\"");
      TinyPprof bare = new TinyPprof().sample("main", 1, 2);

      assertThat(send(sink, RawProfile.of(CPU, bare.bare()), RawProfile.of(CPU, bare.gzip())))
          .isEqualTo(new SendOutcome.Accepted());

      List<Path> files =
          onDisk.profiles().stream().map(profile -> profile.file().orElseThrow()).toList();
      assertThat(files).allSatisfy(file -> assertThat(file.toString()).endsWith(".pb.gz"));
      Path series = Objects.requireNonNull(files.get(0).getParent());
      assertThat(series.getParent())
          .isEqualTo(directory.resolve(onDisk.project().value()).resolve("process_cpu"));
      assertThat(series.resolve("labels.json"))
          .hasContent("{\n  \"__name__\": \"process_cpu\",\n  \"job\": \"web\"\n}");
      try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(files.get(0)))) {
        assertThat(in.readAllBytes()).isEqualTo(bare.bare());
      }
      assertThat(StoreFiles.fileName(odd.valueOf("__name__"))).isEqualTo("%2E%2E%2F%22x%22");
      assertThat(new StoreFiles(directory).write(onDisk.project(), odd, -1, bare.gzip()))
          .exists()
          .satisfies(
              file ->
                  assertThat(file.resolveSibling("labels.json"))
                      .content()
                      .contains("\"a\\\\b\\n\\\"c\\\"\""));
    }
  }

  @Test
  void comesBackOnItsPortWithWhatItHad() throws Exception {
    GrpcProfileSink sink = own();
    send(sink, RawProfile.of(CPU, TinyPprof.numbered(1)));
    int port = store.port();

    store.stop();
    assertThat(send(sink, RawProfile.of(CPU, TinyPprof.numbered(2))))
        .isInstanceOf(SendOutcome.Retry.class);
    store.start();

    assertThat(store.port()).isEqualTo(port);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () ->
                send(sink, RawProfile.of(CPU, TinyPprof.numbered(2)))
                    instanceof SendOutcome.Accepted);
    assertThat(store.profileCount()).isEqualTo(2);
  }

  @Test
  void failsAsScripted() throws Exception {
    GrpcProfileSink sink = own();
    Metadata pushback = new Metadata();
    pushback.put(Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "40");
    store.faults().failNext(1, Status.RESOURCE_EXHAUSTED.withDescription("slow down"), pushback);
    store.faults().failNextAfterStoring(1, Status.UNAVAILABLE);
    RawProfile profile = RawProfile.of(CPU, TinyPprof.numbered(1));

    assertThat(send(sink, profile))
        .asInstanceOf(type(SendOutcome.Retry.class))
        .satisfies(retry -> assertThat(retry.delay()).contains(Duration.ofMillis(40)));
    assertThat(store.profileCount()).isZero();
    assertThat(send(sink, profile)).isInstanceOf(SendOutcome.Retry.class);
    assertThat(store.profileCount()).isEqualTo(1);
    assertThat(send(sink, profile)).isEqualTo(new SendOutcome.Accepted());
    assertThat(store.duplicateCount()).isEqualTo(1);
    assertThat(store.refusedCount()).isEqualTo(2);
  }

  @Test
  void refusesAllUntilCleared() throws Exception {
    GrpcProfileSink sink = own();
    store.faults().refuseAll(Status.INVALID_ARGUMENT.withDescription("no"));
    RawProfile profile = RawProfile.of(CPU, TinyPprof.numbered(1));

    assertThat(send(sink, profile)).isInstanceOf(SendOutcome.Rejected.class);
    assertThat(send(sink, profile)).isInstanceOf(SendOutcome.Rejected.class);
    store.faults().clear();

    assertThat(send(sink, profile)).isEqualTo(new SendOutcome.Accepted());
  }

  @Test
  void refusesAWholeRequestForOnePoisonedProfile() throws Exception {
    GrpcProfileSink sink = own();
    store.faults().poison(profile -> profile.labels().valueOf("id").equals("7"));

    assertThat(
            send(
                sink,
                RawProfile.of(CPU.with("id", "6"), TinyPprof.numbered(6)),
                RawProfile.of(CPU.with("id", "7"), TinyPprof.numbered(7))))
        .isInstanceOf(SendOutcome.Rejected.class);
    assertThat(store.profileCount()).isZero();
    assertThat(send(sink, RawProfile.of(CPU.with("id", "6"), TinyPprof.numbered(6))))
        .isEqualTo(new SendOutcome.Accepted());
  }

  @Test
  void leavesACallWithoutAnAnswerUntilCleared() throws Exception {
    GrpcProfileSink sink = own();
    store.faults().hangNext(1);

    var answer =
        sink.send(List.of(RawProfile.of(CPU, TinyPprof.numbered(1)))).toCompletableFuture();
    await().atMost(Duration.ofSeconds(30)).until(() -> store.requestCount() == 1);
    assertThat(answer).isNotDone();
    store.faults().clear();

    assertThat(answer.get(30, TimeUnit.SECONDS)).isInstanceOf(SendOutcome.Retry.class);
    assertThat(store.profileCount()).isZero();
  }

  @Test
  void delaysItsAnswers() throws Exception {
    GrpcProfileSink sink = own();
    store.faults().delay(Duration.ofMillis(200));
    long start = System.nanoTime();

    assertThat(send(sink, RawProfile.of(CPU, TinyPprof.numbered(1))))
        .isEqualTo(new SendOutcome.Accepted());

    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(Duration.ofMillis(200));
  }

  @Test
  void refusesRequestsAboveItsLimit() throws Exception {
    try (EmbeddedProfileStore small =
        EmbeddedProfileStore.builder().maxMessageBytes(1000).start()) {
      assertThat(
              send(
                  GrpcProfileSink.create(open(small.openChannel())),
                  RawProfile.of(CPU, new byte[2000])))
          .asInstanceOf(type(SendOutcome.Rejected.class))
          .satisfies(rejected -> assertThat(rejected.reason()).isEqualTo("too_large"));
    }
  }

  @Test
  void asksTheAccessModelThatItIsGiven() throws Exception {
    try (Iam iam = Iam.inMemory()) {
      var organization = iam.createOrganization("acme", "ann");
      var project = organization.createProject("shop");
      var account = organization.createServiceAccount("scraper");
      var token = organization.createToken(account, "first");
      try (EmbeddedProfileStore guarded = EmbeddedProfileStore.builder().iam(iam).start()) {
        GrpcProfileSink sink =
            GrpcProfileSink.create(
                open(guarded.openChannel(TokenSource.fixed(token.token()), project.id())));
        RawProfile profile = RawProfile.of(CPU, TinyPprof.numbered(1));

        assertThat(send(sink, profile)).isInstanceOf(SendOutcome.Blocked.class);
        organization.bindInProject(Subject.of(account), "Profile Writer", project.id());
        assertThat(send(sink, profile)).isEqualTo(new SendOutcome.Accepted());
        organization.revokeToken(account, token.info());
        assertThat(send(sink, profile)).isInstanceOf(SendOutcome.Blocked.class);
        assertThatThrownBy(guarded::token).isInstanceOf(IllegalStateException.class);
      }
    }
  }

  @Test
  void refusesSettingsThatContradictEachOther() {
    assertThatThrownBy(
            () ->
                EmbeddedProfileStore.builder()
                    .plaintext()
                    .certificates(TestCertificates.generate())
                    .start())
        .hasMessageContaining("plaintext");
    assertThatThrownBy(
            () ->
                EmbeddedProfileStore.builder()
                    .iam(Iam.inMemory())
                    .project(ProjectId.random())
                    .start())
        .hasMessageContaining("iam");
    assertThatThrownBy(() -> EmbeddedProfileStore.builder().port(store.port()).start())
        .hasMessageContaining(":" + store.port());
  }

  private GrpcProfileSink own() {
    return GrpcProfileSink.create(open(store.openChannel()));
  }

  private ManagedChannel open(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  static SendOutcome send(GrpcProfileSink sink, RawProfile... profiles) throws Exception {
    return sink.send(List.of(profiles)).toCompletableFuture().get(40, TimeUnit.SECONDS);
  }
}
