/** Prometheus' relabelling: rules on labels, and the effect of each. */
@NullMarked
package dev.psc.scrape.relabel;

import org.jspecify.annotations.NullMarked;
