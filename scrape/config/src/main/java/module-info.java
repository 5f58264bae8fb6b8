import dev.psc.scrape.config.discovery.DnsDiscoveryProvider;
import dev.psc.scrape.config.discovery.FileDiscoveryProvider;
import dev.psc.scrape.config.discovery.HttpDiscoveryProvider;
import dev.psc.scrape.discovery.DiscoveryProvider;

/** The YAML configuration of the scraper; file, HTTP and DNS discovery. */
module dev.psc.scrape.config {
  requires static transitive org.jspecify;
  requires transitive dev.psc.scrape;
  requires com.google.gson;
  requires java.naming;
  requires org.slf4j;
  requires org.snakeyaml.engine;

  exports dev.psc.scrape.config;
  exports dev.psc.scrape.config.discovery;

  uses DiscoveryProvider;

  provides DiscoveryProvider with
      FileDiscoveryProvider,
      HttpDiscoveryProvider,
      DnsDiscoveryProvider;
}
