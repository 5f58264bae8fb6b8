/** The scraper as one object: jobs in, profiles out, and a look at its state. */
@NullMarked
package dev.psc.scrape;

import org.jspecify.annotations.NullMarked;
