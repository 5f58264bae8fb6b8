import dev.psc.scrape.cloud.internal.aws.Ec2Provider;
import dev.psc.scrape.cloud.internal.azure.AzureProvider;
import dev.psc.scrape.cloud.internal.consul.ConsulProvider;
import dev.psc.scrape.cloud.internal.docker.DockerProvider;
import dev.psc.scrape.cloud.internal.docker.SwarmProvider;
import dev.psc.scrape.cloud.internal.eureka.EurekaProvider;
import dev.psc.scrape.cloud.internal.gce.GceProvider;
import dev.psc.scrape.cloud.internal.nomad.NomadProvider;
import dev.psc.scrape.discovery.DiscoveryProvider;

/** Discovery for the scraper by the APIs of registries, orchestrators and clouds. */
module dev.psc.scrape.cloud {
  requires static transitive org.jspecify;
  requires transitive dev.psc.scrape;
  requires com.google.gson;
  requires dev.psc.net;
  requires java.xml;
  requires org.slf4j;

  exports dev.psc.scrape.cloud;

  provides DiscoveryProvider with
      ConsulProvider,
      NomadProvider,
      EurekaProvider,
      DockerProvider,
      SwarmProvider,
      Ec2Provider,
      GceProvider,
      AzureProvider;
}
