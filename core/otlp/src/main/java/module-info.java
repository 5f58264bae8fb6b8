import dev.psc.delivery.spi.SinkProvider;
import dev.psc.otlp.OtlpSinkProvider;

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

  provides SinkProvider with
      OtlpSinkProvider;

  exports dev.psc.otlp;
}
