/** A sink that exports profiles over OTLP, with HTTP or gRPC. */
module dev.psc.otlp {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires dev.psc.net;
  requires java.net.http;
  requires org.slf4j;
  requires static dev.psc.store;
  requires static io.grpc;
  requires static io.grpc.stub;

  exports dev.psc.otlp;
}
