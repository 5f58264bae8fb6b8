package dev.psc.testkit.contract;

import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.EmbeddedProfileStore;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

class GrpcProfileSinkContractTest extends ProfileSinkContract {

  private EmbeddedProfileStore store;
  private GrpcProfileSink sink;

  @BeforeEach
  void start() {
    store = EmbeddedProfileStore.builder().start();
    ManagedChannel channel = store.openChannel();
    sink =
        GrpcProfileSink.builder(channel)
            .ownedChannel(channel)
            .callTimeout(Duration.ofSeconds(20))
            .build();
  }

  @AfterEach
  void stop() {
    sink.close();
    store.close();
  }

  @Override
  protected ProfileSink sink() {
    return sink;
  }

  @Override
  protected List<RawProfile> received() {
    return store.profiles().stream()
        .map(profile -> RawProfile.of(profile.labels(), profile.pprof()))
        .toList();
  }

  @Override
  protected void breakDestination() {
    store.stop();
  }
}
