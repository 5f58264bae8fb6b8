/** A scraper built from the pieces: own discovery, own transform, two sinks. */
@NullMarked
package dev.psc.examples.scraper;

import org.jspecify.annotations.NullMarked;
