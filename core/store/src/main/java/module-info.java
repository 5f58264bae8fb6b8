import dev.psc.delivery.spi.SinkProvider;
import dev.psc.store.GrpcSinkProvider;

/** The gRPC sink for Polar Signals Cloud and Parca-compatible stores. */
module dev.psc.store {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires transitive dev.psc.auth;
  requires dev.psc.net;
  requires transitive com.google.common;
  requires transitive com.google.protobuf;
  requires transitive io.grpc;
  requires transitive io.grpc.stub;
  requires io.grpc.netty.shaded;
  requires io.grpc.protobuf;
  requires org.slf4j;

  provides SinkProvider with
      GrpcSinkProvider;

  exports dev.psc.store;
  exports dev.psc.store.proto.profilestore;
  exports dev.psc.store.proto.scrape;
}
