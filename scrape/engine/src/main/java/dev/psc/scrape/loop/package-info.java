/** The loops: one schedule for all targets, bounded scrapes at a time, and what became of each. */
@NullMarked
package dev.psc.scrape.loop;

import org.jspecify.annotations.NullMarked;
