/** Scraping: discovery SPI, relabelling, targets, loops, HTTP fetching, transforms. */
module dev.psc.scrape {
  requires static transitive org.jspecify;
  requires transitive dev.psc.delivery;
  requires org.slf4j;
  requires java.net.http;
}
