/** Discovery by the registry of Eureka. Internal. */
@NullMarked
package dev.psc.scrape.cloud.internal.eureka;

import org.jspecify.annotations.NullMarked;
