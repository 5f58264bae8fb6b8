import dev.psc.scrape.discovery.DiscoveryProvider;
import dev.psc.scrape.kubernetes.KubernetesDiscoveryProvider;

/** Kubernetes discovery for the scraper. */
module dev.psc.scrape.kubernetes {
  requires static transitive org.jspecify;
  requires transitive dev.psc.scrape;
  requires dev.psc.net;
  requires com.google.gson;
  requires org.slf4j;
  requires org.snakeyaml.engine;

  exports dev.psc.scrape.kubernetes;

  provides DiscoveryProvider with
      KubernetesDiscoveryProvider;
}
