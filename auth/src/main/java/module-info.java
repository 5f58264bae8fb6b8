/**
 * Service account tokens, project ids, the gRPC client interceptor, and the access model of the
 * cloud.
 */
module dev.psc.auth {
  requires static transitive org.jspecify;
  requires transitive io.grpc;
  requires org.slf4j;

  exports dev.psc.auth;
  exports dev.psc.auth.iam;
}
