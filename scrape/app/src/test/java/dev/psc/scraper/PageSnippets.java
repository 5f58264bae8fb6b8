package dev.psc.scraper;

import dev.psc.delivery.ProfileSink;
import dev.psc.delivery.RawProfile;
import dev.psc.delivery.SendOutcome;
import dev.psc.delivery.SinkSettings;
import dev.psc.jvm.JvmProfiling;
import dev.psc.pprof.LabelSet;
import dev.psc.scrape.kubernetes.KubernetesDiscovery;
import dev.psc.scrape.kubernetes.KubernetesRole;
import dev.psc.scrape.target.ScrapeJob;
import dev.psc.store.GrpcProfileSink;
import dev.psc.testkit.EmbeddedProfileStore;
import dev.psc.testkit.FaultProxy;
import dev.psc.testkit.StoredProfile;
import io.grpc.ManagedChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;

/** The code of the pages that stands in no example; compiled here, so that it stays true. */
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
}
