package dev.psc.testkit;

import static dev.psc.testkit.DeliveryRig.PATIENCE;
import static dev.psc.testkit.DeliveryRig.profile;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.psc.auth.ServiceAccountToken;
import dev.psc.auth.iam.Iam;
import dev.psc.auth.iam.Organization;
import dev.psc.auth.iam.Role;
import dev.psc.auth.iam.ServiceAccount;
import dev.psc.auth.iam.Subject;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.FanOut;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SinkProvider;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.delivery.status.CloseReport;
import dev.psc.delivery.status.DeliverySnapshot;
import dev.psc.delivery.status.DeliveryState;
import dev.psc.store.GrpcProfileSink;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests the path from acceptance to the store over real sockets, with real faults. */
@Timeout(180)
class DeliveryFaultsTest {

  private static final int SERIES = 5;

  private DeliveryRig rig;
  private int next;

  @BeforeEach
  void start() {
    rig = DeliveryRig.start();
  }

  @AfterEach
  void stop() {
    rig.close();
  }

  /** Accepts a number of profiles, for each series in turn. */
  private void accept(Delivery delivery, int count) {
    for (int i = 0; i < count; i++, next++) {
      assertThat(delivery.accept(profile("s" + next % SERIES, next)).isAccepted()).isTrue();
    }
  }

  private static void await60(BooleanSupplier condition) {
    await().atMost(PATIENCE).until(condition::getAsBoolean);
  }

  /** Asserts that all accepted profiles arrived, in order per series. */
  private void allArrived(Delivery delivery, int duplicatesAtMost) {
    assertThat(delivery.flush(PATIENCE)).as("%s", delivery.snapshot()).isTrue();
    for (int s = 0; s < SERIES; s++) {
      int series = s;
      List<Integer> got = rig.ids("s" + s);
      assertThat(new ArrayList<>(new java.util.LinkedHashSet<>(got)))
          .isEqualTo(IntStream.range(0, next).filter(i -> i % SERIES == series).boxed().toList());
    }
    assertThat(rig.store.duplicateCount()).isLessThanOrEqualTo(duplicatesAtMost);
    DeliverySnapshot snapshot = delivery.snapshot();
    assertThat(snapshot.sent()).isEqualTo(next);
    assertThat(snapshot.droppedTotal()).isZero();
  }

  @Test
  void losesNothingWhenTheStoreIsDownAtFirst() {
    rig.proxy.refuse();
    try (Delivery delivery = rig.delivery().build()) {
      accept(delivery, 500);
      await60(() -> delivery.snapshot().state() == DeliveryState.BACKING_OFF);
      accept(delivery, 500);
      rig.proxy.clear();
      allArrived(delivery, 0);
    }
  }

  @Test
  void losesNothingWhenTheStoreGoesDownAndUpAgainAndAgain() {
    try (Delivery delivery = rig.delivery().build()) {
      for (int round = 0; round < 4; round++) {
        accept(delivery, 200);
        rig.store.stop();
        accept(delivery, 200);
        long calls = delivery.snapshot().calls();
        await60(() -> delivery.snapshot().calls() >= calls + 2);
        rig.store.start();
        await60(() -> delivery.snapshot().state() == DeliveryState.SENDING);
      }
      // What the store had taken when it was stopped may come again: a batch in flight, each time.
      allArrived(delivery, 4 * 400);
    }
  }

  @Test
  void survivesAStormOfResourceExhaustedWithoutMakingItWorse() {
    Metadata pushback = new Metadata();
    pushback.put(
        Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER), "100");
    rig.store.faults().failNext(5, Status.RESOURCE_EXHAUSTED, pushback);
    long start = System.nanoTime();
    try (Delivery delivery = rig.delivery().batchMaxBytes(4096).build()) {
      accept(delivery, 300);
      await60(() -> rig.store.profileCount() > 0);
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      // Two calls may fail side by side at first; after that each costs a separate back-off.
      assertThat(took).isGreaterThan(Duration.ofMillis(390));
      allArrived(delivery, 0);
      assertThat(delivery.snapshot().retried()).isPositive();
    }
  }

  @Test
  void sendsAgainWhenTheAnswerIsLost() {
    rig.store.faults().failNextAfterStoring(3, Status.UNAVAILABLE);
    try (Delivery delivery = rig.delivery().callsInFlight(1).build()) {
      accept(delivery, 100);
      allArrived(delivery, 300);
      assertThat(rig.store.duplicateCount()).isPositive();
    }
  }

  @Test
  void survivesConnectionsThatAreResetOrCutInTheMiddleOfACall() {
    SplittableRandom random = new SplittableRandom(11);
    rig.store.faults().delay(Duration.ofMillis(10));
    try (Delivery delivery = rig.delivery().batchMaxBytes(8192).build()) {
      for (int round = 0; round < 12; round++) {
        accept(delivery, 50);
        long calls = rig.store.requestCount();
        await60(() -> rig.store.requestCount() > calls);
        if (random.nextBoolean()) {
          rig.proxy.reset();
        } else {
          rig.proxy.cut();
        }
      }
      allArrived(delivery, 12 * 250);
    }
  }

  @Test
  void survivesConnectionsThatAreHalfClosed() {
    rig.store.faults().delay(Duration.ofMillis(10));
    try (Delivery delivery = rig.delivery().batchMaxBytes(8192).build()) {
      for (int round = 0; round < 10; round++) {
        accept(delivery, 50);
        long calls = rig.store.requestCount();
        await60(() -> rig.store.requestCount() > calls);
        if (round % 2 == 0) {
          rig.proxy.halfCloseToClient();
        } else {
          rig.proxy.halfCloseToTarget();
        }
      }
      allArrived(delivery, 10 * 250);
    }
  }

  /** Above 1 MiB gRPC's own retries give up; ours do not. */
  @Test
  void deliversALargeProfileAtTheFourthAttempt() {
    SplittableRandom random = new SplittableRandom(2);
    TinyPprof large = new TinyPprof();
    while (large.strings.size() < 60_000) {
      large.strings.add(Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()));
    }
    byte[] pprof = large.sample("f", 1, 10_000_000).bare();
    assertThat(pprof).hasSizeGreaterThan(2_000_000 - 200_000);
    rig.store.faults().failNext(3, Status.UNAVAILABLE);
    try (Delivery delivery = rig.delivery().build()) {
      delivery.accept(RawProfile.of(DeliveryRig.labels("large"), pprof));
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(delivery.snapshot().sent()).isEqualTo(1);
      assertThat(delivery.snapshot().calls()).isEqualTo(4);
      assertThat(rig.store.profileCount()).isEqualTo(1);
    }
  }

  @Test
  void survivesARequestThatIsCutHalfWay() {
    rig.proxy.resetAfter(3000);
    try (Delivery delivery = rig.delivery().build()) {
      accept(delivery, 500);
      await60(() -> delivery.snapshot().calls() > 3);
      rig.proxy.clear();
      allArrived(delivery, 500);
    }
  }

  @Test
  void survivesACallThatNeverAnswers() {
    rig.store.faults().hangNext(1);
    try (Delivery delivery = rig.hastyDelivery().build()) {
      accept(delivery, 50);
      allArrived(delivery, 500);
      assertThat(delivery.snapshot().lastError()).contains("deadline_exceeded");
    }
  }

  @Test
  void survivesANetworkThatSwallowsEverything() {
    try (Delivery delivery = rig.hastyDelivery().build()) {
      accept(delivery, 50);
      await60(() -> rig.store.profileCount() == 50);
      rig.proxy.blackHole();
      accept(delivery, 50);
      await60(() -> delivery.snapshot().state() == DeliveryState.BACKING_OFF);
      rig.proxy.clear().reset();
      allArrived(delivery, 500);
    }
  }

  @Test
  void survivesASlowAndDelayedNetwork() {
    rig.proxy.delay(Duration.ofMillis(20)).throttle(400_000);
    try (Delivery delivery = rig.delivery().batchMaxBytes(16 << 10).build()) {
      accept(delivery, 500);
      allArrived(delivery, 0);
    }
  }

  @Test
  void sendsThe98GoodOfABatchAndDropsTheTwoBad() {
    rig.store.faults().poison(profile -> DeliveryRig.id(profile) % 50 == 7);
    try (Delivery delivery = rig.delivery().batchMaxAge(Duration.ofSeconds(1)).build()) {
      accept(delivery, 100);
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(rig.store.profileCount()).isEqualTo(98);
      assertThat(delivery.snapshot().dropped()).isEqualTo(Map.of("invalid_argument", 2L));
      assertThat(delivery.snapshot().lastError()).contains("poisoned for the test");
    }
  }

  @Test
  void keepsEverythingWhileTheRoleIsMissingAndResumesWhenItIsBound() {
    Iam iam = Iam.inMemory();
    Organization organization = iam.createOrganization("acme", "owner@acme");
    var project = organization.createProject("production").id();
    ServiceAccount account = organization.createServiceAccount("scraper");
    var token = organization.createToken(account, "token").token();
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().plaintext().iam(iam).start()) {
      ManagedChannel channel = store.openChannel(dev.psc.auth.TokenSource.fixed(token), project);
      try (GrpcProfileSink sink = DeliveryRig.sink(channel);
          Delivery delivery = DeliveryRig.delivery(sink).build()) {
        accept(delivery, 100);
        await60(() -> delivery.snapshot().state() == DeliveryState.BLOCKED);
        DeliverySnapshot blocked = delivery.snapshot();
        assertThat(blocked.stateMessage()).contains("permission_denied");
        assertThat(blocked.queued()).isEqualTo(100);
        organization.bind(Subject.of(account), Role.PROFILE_WRITER.name());
        await60(() -> store.profileCount() == 100);
        assertThat(delivery.snapshot().droppedTotal()).isZero();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void keepsEverythingWhileTheTokenIsWrongAndResumesWhenItsFileIsCorrected(@TempDir Path directory)
      throws IOException {
    Path file = directory.resolve("token");
    Files.writeString(file, ServiceAccountToken.generate(new SecureRandom()).reveal());
    SinkSettings settings =
        SinkSettings.builder(rig.proxy.address())
            .plaintext(true)
            .tokenFile(file)
            .projectId(rig.store.project().value())
            .build();
    try (Delivery delivery =
        DeliveryRig.delivery(SinkProvider.load().create(settings)).closeSink(true).build()) {
      accept(delivery, 100);
      await60(() -> delivery.snapshot().state() == DeliveryState.BLOCKED);
      assertThat(delivery.snapshot().stateMessage()).contains("unauthenticated", "token");
      assertThat(delivery.snapshot().queued()).isEqualTo(100);
      Path renewed = directory.resolve("renewed");
      Files.writeString(renewed, rig.store.token().reveal());
      Files.move(renewed, file, StandardCopyOption.ATOMIC_MOVE);
      allArrived(delivery, 0);
    }
  }

  @Test
  void aDeadStoreHoldsUpNoOther() {
    try (DeliveryRig dead = DeliveryRig.start()) {
      dead.proxy.blackHole();
      Delivery toDead = dead.delivery().closeTimeout(Duration.ofMillis(100)).build();
      Delivery toGood = rig.delivery().build();
      try (FanOut both = FanOut.of(toDead, toGood)) {
        both.start();
        for (int i = 0; i < 1000; i++, next++) {
          both.accept(profile("s" + next % SERIES, next));
        }
        allArrived(toGood, 0);
        assertThat(toDead.snapshot().sent()).isZero();
        assertThat(toDead.snapshot().queued()).isEqualTo(1000);
        // On time, for a machine under load.
        assertThat(toGood.snapshot().latencyMax()).isLessThan(PATIENCE.dividedBy(3));
      }
    }
  }

  @Test
  void fiveHundredSeriesShareOneConnection() {
    try (Delivery delivery = rig.delivery().batchMaxBytes(64 << 10).build()) {
      for (int i = 0; i < 5000; i++) {
        delivery.accept(profile("s" + i % 500, i));
      }
      assertThat(delivery.flush(PATIENCE)).isTrue();
      assertThat(rig.store.profileCount()).isEqualTo(5000);
      assertThat(rig.proxy.acceptedCount()).isEqualTo(1);
    }
  }

  @Test
  void theSpoolCarriesProfilesOverARestartWhileTheStoreIsDown(@TempDir Path directory) {
    rig.proxy.refuse();
    Delivery first = rig.delivery().spool(directory.resolve("spool")).build();
    accept(first, 500);
    CloseReport report = first.close(Duration.ofMillis(500));
    assertThat(report).isEqualTo(new CloseReport(0, 500, 0));
    try (Delivery second = rig.delivery().spool(directory.resolve("spool")).build()) {
      second.start();
      assertThat(second.snapshot().replayed()).isEqualTo(500);
      rig.proxy.clear();
      accept(second, 100);
      allArrived(second, 0);
    }
  }
}
