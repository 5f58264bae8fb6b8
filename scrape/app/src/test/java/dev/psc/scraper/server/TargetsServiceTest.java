package dev.psc.scraper.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.psc.delivery.spi.Acceptance;
import dev.psc.label.LabelSet;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.relabel.RelabelAction;
import dev.psc.scrape.relabel.RelabelRule;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.store.proto.scrape.ScrapeServiceGrpc;
import dev.psc.store.proto.scrape.TargetsRequest;
import dev.psc.store.proto.scrape.TargetsRequest.State;
import dev.psc.store.proto.scrape.TargetsResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The list of targets over gRPC of a scraper that discovers very many. */
class TargetsServiceTest {

  private static final int ACTIVE = 900;
  private static final int DROPPED = 3_000;
  private static final String PADDING = "x".repeat(200);

  private Scraper scraper;
  private OnePortServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() throws IOException {
    scraper =
        Scraper.builder()
            .job(
                ScrapeJob.builder("many")
                    .interval(Duration.ofHours(1))
                    .timeout(Duration.ofSeconds(10))
                    .discovery(discovery(ACTIVE, "yes"))
                    .discovery(discovery(DROPPED, "no"))
                    .relabeling(
                        List.of(
                            RelabelRule.builder()
                                .action(RelabelAction.DROP)
                                .sourceLabels("keep")
                                .regex("no")
                                .build()))
                    .build())
            .build();
    scraper.start(profile -> new Acceptance.Refused("test", "not kept"));
    server =
        OnePortServer.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            exchange -> HttpExchange.Answer.text(200, "ok"),
            List.of(new TargetsService(scraper)),
            TokenGuard.open());
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> scraper.snapshot().jobs().get(0).dropped().size() >= DROPPED);
  }

  private static StaticDiscovery discovery(int targets, String keep) {
    return StaticDiscovery.of(
        IntStream.range(0, targets)
            .mapToObj(i -> "127.%d.%d.1:9".formatted(i / 250, i % 250))
            .toList(),
        LabelSet.of("keep", keep, "padding", PADDING));
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.close();
    scraper.close();
  }

  private TargetsResponse list(State state) {
    return ScrapeServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .targets(TargetsRequest.newBuilder().setState(state).build());
  }

  @Test
  void refusesAListThatClientsCouldNotReceive() {
    assertThatThrownBy(() -> list(State.STATE_ANY_UNSPECIFIED))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("RESOURCE_EXHAUSTED: the targets exceed 4 MiB")
        .hasMessageContaining("STATE_ACTIVE")
        .hasMessageContaining("/api/status");
    TargetsResponse active = list(State.STATE_ACTIVE);
    assertThat(active.getTargetsOrThrow("many").getTargetsCount())
        .isEqualTo(scraper.snapshot().jobs().get(0).targets().size())
        .isGreaterThanOrEqualTo(ACTIVE);
    assertThat(active.getSerializedSize()).isLessThan(TargetsService.MAX_BYTES);
  }

  @Test
  void keepsFewListsForClientsThatDoNotReadThem() throws Exception {
    // Without a window that grows, into which the whole list would fit.
    ManagedChannel small =
        NettyChannelBuilder.forAddress("127.0.0.1", server.port())
            .usePlaintext()
            .flowControlWindow(64 << 10)
            .build();
    List<ClientCall<TargetsRequest, TargetsResponse>> deaf = new ArrayList<>();
    for (int i = 0; i < TargetsService.MAX_UNREAD; i++) {
      ClientCall<TargetsRequest, TargetsResponse> call =
          small.newCall(ScrapeServiceGrpc.getTargetsMethod(), CallOptions.DEFAULT);
      deaf.add(call);
      call.start(new ClientCall.Listener<>() {}, new Metadata());
      call.sendMessage(TargetsRequest.newBuilder().setState(State.STATE_ACTIVE).build());
      call.halfClose();
    }
    await().until(() -> server.openCalls() == deaf.size());
    await()
        .untilAsserted(
            () ->
                assertThatThrownBy(() -> list(State.STATE_ACTIVE))
                    .hasMessageContaining("RESOURCE_EXHAUSTED: more than 4 calls"));
    small.shutdownNow();
    await().until(() -> server.openCalls() == 0);
    await().untilAsserted(() -> assertThat(list(State.STATE_ACTIVE).getTargetsCount()).isOne());
  }
}
