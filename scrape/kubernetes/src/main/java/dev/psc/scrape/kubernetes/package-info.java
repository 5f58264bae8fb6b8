/**
 * Kubernetes discovery for the scraper: {@link dev.psc.scrape.kubernetes.KubernetesDiscovery} finds
 * pods, nodes, services, endpoints and ingresses by list and watch.
 */
@NullMarked
package dev.psc.scrape.kubernetes;

import org.jspecify.annotations.NullMarked;
