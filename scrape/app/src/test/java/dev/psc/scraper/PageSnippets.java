package dev.psc.scraper;

import dev.psc.auth.ProjectId;
import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.delivery.spi.SendOutcome;
import dev.psc.delivery.spi.SinkSettings;
import dev.psc.jvm.JvmProfiling;
import dev.psc.label.LabelSet;
import dev.psc.scrape.Scraper;
import dev.psc.scrape.discovery.StaticDiscovery;
import dev.psc.scrape.kubernetes.KubernetesDiscovery;
import dev.psc.scrape.kubernetes.KubernetesRole;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.FaultProxy;
import dev.psc.testkit.StoredProfile;
import io.grpc.ManagedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/** The code of the pages that is in no example; compiled here, so that it stays valid. */
final class PageSnippets {

  private PageSnippets() {}

  static JvmProfiling jvm(Path tokenFile, String project) {
    JvmProfiling profiling =
        JvmProfiling.builder()
            .pprofAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 6060))
            .store(
                SinkSettings.builder("grpc.polarsignals.com:443")
                    .tokenFile(tokenFile)
                    .projectId(project)
                    .build())
            .labels(LabelSet.of("job", "checkout"))
            .start();
    return profiling;
  }

  static Delivery connect(Path tokenFile, String project) {
    SinkSettings settings =
        SinkSettings.builder("grpc.polarsignals.com:443")
            .tokenFile(tokenFile)
            .projectId(project)
            .build();
    Delivery delivery = Delivery.builder(GrpcProfileSink.connect(settings)).closeSink(true).build();
    return delivery;
  }

  static SendOutcome store(ManagedChannel channel, byte[] pprof) {
    ProfileSink sink = GrpcProfileSink.create(channel);
    RawProfile profile =
        RawProfile.of(LabelSet.of("__name__", "process_cpu", "job", "shop"), pprof);
    SendOutcome outcome = sink.send(List.of(profile)).toCompletableFuture().join();
    return outcome;
  }

  static int testkit(byte[] pprof) {
    try (EmbeddedProfileStore store = EmbeddedProfileStore.builder().start()) {
      ManagedChannel channel = store.openChannel();
      try (ProfileSink sink = GrpcProfileSink.builder(channel).ownedChannel(channel).build()) {
        sink.send(List.of(RawProfile.of(LabelSet.of("__name__", "process_cpu"), pprof)))
            .toCompletableFuture()
            .join();
      }
      List<StoredProfile> taken = store.profiles(store.project());
      return taken.size();
    }
  }

  static String faults(EmbeddedProfileStore store) {
    try (FaultProxy proxy = FaultProxy.start("127.0.0.1", store.port())) {
      String clientsConnectTo = proxy.address();
      proxy.blackHole();
      proxy.reset();
      proxy.clear();
      return clientsConnectTo;
    }
  }

  static ScrapeJob kubernetes() {
    ScrapeJob job =
        ScrapeJob.builder("pods")
            .discovery(
                KubernetesDiscovery.builder(KubernetesRole.POD).namespaces(List.of("shop")).build())
            .build();
    return job;
  }

  static void pipeline(Path tokenFile, String project, Path spool) {
    ManagedChannel channel =
        StoreChannels.builder("grpc.polarsignals.com:443")
            .interceptor(
                PscAuthInterceptor.create(TokenSource.file(tokenFile), ProjectId.parse(project)))
            .build();
    Delivery delivery = Delivery.builder(GrpcProfileSink.create(channel)).spool(spool).build();
    Scraper scraper =
        Scraper.builder()
            .job(ScrapeJob.builder("api").discovery(StaticDiscovery.of("10.0.0.7:6060")).build())
            .build();
    delivery.start();
    scraper.start(delivery);
  }
}
