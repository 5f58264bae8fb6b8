/** Discovery by the catalog of Consul. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.consul;

import org.jspecify.annotations.NullMarked;
