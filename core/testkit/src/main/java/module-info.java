/**
 * An embedded profile store with the access rules of the cloud, a fault proxy and contract suites.
 */
module dev.psc.testkit {
  requires static transitive org.jspecify;
  requires transitive dev.psc.auth.iam;
  requires transitive dev.psc.store;
  requires dev.psc.net;
  requires dev.psc.otlp;
  requires com.google.protobuf;
  requires io.grpc.netty.shaded;
  requires io.grpc.services;
  requires jdk.httpserver;
  requires org.bouncycastle.pkix;
  requires org.bouncycastle.provider;
  requires org.slf4j;

  // For the contract suites only: tests that extend them have their own versions.
  requires static transitive org.junit.jupiter.api;
  requires static org.assertj.core;

  exports dev.psc.testkit;
  exports dev.psc.testkit.contract;
}
