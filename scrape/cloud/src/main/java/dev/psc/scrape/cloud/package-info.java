/**
 * Discovery by the APIs of registries, orchestrators and clouds. With this module on the class path
 * the configuration has the keys that {@link dev.psc.scrape.cloud.CloudDiscovery} lists.
 */
@NullMarked
package dev.psc.scrape.cloud;

import org.jspecify.annotations.NullMarked;
