/** The drop-in scraper: same flags, same config, same manifest. */
module dev.psc.scraper {
  requires static transitive org.jspecify;
  requires dev.psc.scrape.config;
  requires dev.psc.scrape.kubernetes;
  requires dev.psc.store;
  requires dev.psc.jvm;
  requires info.picocli;
  requires org.slf4j;
}
