/** The scraper: it takes jobs, passes profiles on, and shows its status. */
@NullMarked
package dev.psc.scrape;

import org.jspecify.annotations.NullMarked;
