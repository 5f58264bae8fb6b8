/** Kubernetes discovery for the scraper. */
module dev.psc.scrape.kubernetes {
  requires static transitive org.jspecify;
  requires transitive dev.psc.scrape;
  requires org.slf4j;
}
