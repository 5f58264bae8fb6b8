/**
 * The access model of the cloud as a library: organizations, service accounts, roles, bindings,
 * tokens, and the gRPC server interceptor that applies it.
 */
module dev.psc.auth.iam {
  requires static transitive org.jspecify;
  requires transitive dev.psc.auth;
  requires dev.psc.net;
  requires org.slf4j;

  exports dev.psc.auth.iam;
}
