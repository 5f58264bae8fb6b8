/** The scraper program, with the flags, config and manifest of the Polar Signals scraper. */
module dev.psc.scraper {
  requires static transitive org.jspecify;
  requires dev.psc.scrape.config;
  requires dev.psc.scrape.cloud;
  requires dev.psc.scrape.kubernetes;
  requires dev.psc.net;
  requires dev.psc.otlp;
  requires dev.psc.store;
  requires dev.psc.jvm;
  requires info.picocli;
  requires io.grpc;
  requires io.grpc.netty.shaded;
  requires io.grpc.services;
  requires ch.qos.logback.classic;
  requires ch.qos.logback.core;
  requires jul.to.slf4j;
  requires java.management;
  requires java.net.http;
  requires jdk.management;
  requires jdk.unsupported;
  requires org.slf4j;

  opens dev.psc.scraper.cli to
      info.picocli;
}
