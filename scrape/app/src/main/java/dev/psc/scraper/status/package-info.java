/** The state of a running scraper as a JSON document and as metrics. */
@NullMarked
package dev.psc.scraper.status;

import org.jspecify.annotations.NullMarked;
