/** The gRPC sink for Polar Signals Cloud and Parca-compatible stores. */
module dev.psc.store {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires transitive dev.psc.auth;
  requires org.slf4j;

  exports dev.psc.store;
}
