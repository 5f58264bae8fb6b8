/** Scrape reports, the status of targets, and the fetcher that an embedder may replace. */
@NullMarked
package dev.psc.scrape.loop;

import org.jspecify.annotations.NullMarked;
