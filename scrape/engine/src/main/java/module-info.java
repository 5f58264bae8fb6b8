/** Scraping: discovery SPI, relabelling, targets, loops, HTTP fetching, transforms. */
module dev.psc.scrape {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires dev.psc.net;
  requires org.slf4j;
  requires transitive java.net.http;
  requires re2j;

  exports dev.psc.scrape;
  exports dev.psc.scrape.discovery;
  exports dev.psc.scrape.http;
  exports dev.psc.scrape.loop;
  exports dev.psc.scrape.relabel;
  exports dev.psc.scrape.settings;
  exports dev.psc.scrape.target;
  exports dev.psc.scrape.transform;
}
