/** Kubernetes discovery for the scraper. */
@NullMarked
package dev.psc.scrape.kubernetes;

import org.jspecify.annotations.NullMarked;
