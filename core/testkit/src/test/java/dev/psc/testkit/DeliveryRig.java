package dev.psc.testkit;

import dev.psc.auth.PscAuthInterceptor;
import dev.psc.auth.TokenSource;
import dev.psc.delivery.Delivery;
import dev.psc.delivery.DeliveryBuilder;
import dev.psc.delivery.spi.ProfileSink;
import dev.psc.delivery.spi.RawProfile;
import dev.psc.label.LabelSet;
import dev.psc.store.GrpcProfileSink;
import dev.psc.store.StoreChannels;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;

/**
 * A store, a proxy in front of it, a sink through that proxy, and deliveries with short times.
 * Profiles carry a number, in their own time.
 */
final class DeliveryRig implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(60);
  static final Duration HASTE = Duration.ofMillis(500);
  private static final long BASE_NANOS = 1_764_000_000_000_000_000L;

  final EmbeddedProfileStore store;
  final FaultProxy proxy;
  final ManagedChannel channel;
  final GrpcProfileSink sink;

  private DeliveryRig(EmbeddedProfileStore store) {
    this.store = store;
    this.proxy = FaultProxy.start("127.0.0.1", store.port());
    this.channel = channel(store, proxy.address());
    this.sink = sink(channel);
  }

  static DeliveryRig start() {
    return new DeliveryRig(EmbeddedProfileStore.builder().plaintext().start());
  }

  /** Returns a rig for a store, which is closed with the rig. */
  static DeliveryRig start(EmbeddedProfileStore store) {
    return new DeliveryRig(store);
  }

  static ManagedChannel channel(EmbeddedProfileStore store, String address) {
    return StoreChannels.builder(address)
        .plaintext()
        .interceptor(
            PscAuthInterceptor.builder(TokenSource.fixed(store.token()), store.project())
                .allowPlaintextOnLoopback()
                .build())
        .build();
  }

  /** Returns a sink that a machine under load does not time out. */
  static GrpcProfileSink sink(ManagedChannel channel) {
    return sink(channel, Duration.ofSeconds(10));
  }

  static GrpcProfileSink sink(ManagedChannel channel, Duration callTimeout) {
    return GrpcProfileSink.builder(channel).callTimeout(callTimeout).build();
  }

  DeliveryBuilder delivery() {
    return delivery(sink);
  }

  /** Returns a delivery whose calls are given up after a time that tests wait for. */
  DeliveryBuilder hastyDelivery() {
    return delivery(sink(channel, HASTE));
  }

  static DeliveryBuilder delivery(ProfileSink sink) {
    return Delivery.builder(sink)
        .batchMaxAge(Duration.ofMillis(20))
        .backoffFirst(Duration.ofMillis(20))
        .backoffMax(Duration.ofMillis(200))
        .probeInterval(Duration.ofMillis(200))
        .callTimeout(Duration.ofSeconds(20));
  }

  static RawProfile profile(String series, int id) {
    TinyPprof pprof = new TinyPprof().sample("f" + id, 1, 10_000_000);
    pprof.timeNanos = BASE_NANOS + id;
    return RawProfile.builder(labels(series), pprof.gzip()).timeNanos(BASE_NANOS + id).build();
  }

  static LabelSet labels(String series) {
    return LabelSet.of(LabelSet.NAME, "process_cpu", "series", series);
  }

  static int id(RawProfile profile) {
    return id(profile.timeNanos());
  }

  static int id(long timeNanos) {
    return (int) (timeNanos - BASE_NANOS);
  }

  /** Returns the numbers of the profiles of a series, in order of arrival. */
  List<Integer> ids(String series) {
    return ids(store, series);
  }

  static List<Integer> ids(EmbeddedProfileStore store, String series) {
    return store.profiles(store.project(), labels(series)).stream()
        .map(profile -> id(profile.timeNanos()))
        .toList();
  }

  @Override
  public void close() {
    sink.close();
    channel.shutdownNow();
    proxy.close();
    store.close();
  }
}
