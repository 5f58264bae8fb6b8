/** The scraper program. */
@NullMarked
package dev.psc.scraper;

import org.jspecify.annotations.NullMarked;
