/** The schedule of all targets: due scrapes, bounded concurrency, reports and failure logging. */
@NullMarked
package dev.psc.scrape.internal.loop;

import org.jspecify.annotations.NullMarked;
