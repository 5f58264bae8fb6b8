/** Service account tokens, project ids and the gRPC client interceptor. */
module dev.psc.auth {
  requires static transitive org.jspecify;
  requires transitive io.grpc;
  requires dev.psc.net;
  requires org.slf4j;

  exports dev.psc.auth;
}
