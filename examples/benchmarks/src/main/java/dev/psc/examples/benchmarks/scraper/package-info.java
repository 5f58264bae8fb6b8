/** Scrapers as processes, measured next to each other. */
@NullMarked
package dev.psc.examples.benchmarks.scraper;

import org.jspecify.annotations.NullMarked;
