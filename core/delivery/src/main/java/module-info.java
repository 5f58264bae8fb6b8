/** Delivery of profiles to sinks: sink SPI, queue, spool, sender. */
module dev.psc.delivery {
  requires static transitive org.jspecify;
  requires transitive dev.psc.pprof;
  requires org.slf4j;
  requires static micrometer.core;

  uses dev.psc.delivery.spi.SinkProvider;

  exports dev.psc.delivery;
  exports dev.psc.delivery.directory;
  exports dev.psc.delivery.micrometer;
  exports dev.psc.delivery.spi;
  exports dev.psc.delivery.status;
}
