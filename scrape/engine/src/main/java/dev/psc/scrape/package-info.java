/** Scraping: discovery SPI, relabelling, targets, loops, HTTP fetching, transforms. */
@NullMarked
package dev.psc.scrape;

import org.jspecify.annotations.NullMarked;
