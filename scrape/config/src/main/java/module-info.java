/** The YAML configuration of the scraper; file, HTTP and DNS discovery. */
module dev.psc.scrape.config {
  requires static transitive org.jspecify;
  requires transitive dev.psc.scrape;
  requires org.slf4j;
  requires org.snakeyaml.engine;

  exports dev.psc.scrape.config;
}
