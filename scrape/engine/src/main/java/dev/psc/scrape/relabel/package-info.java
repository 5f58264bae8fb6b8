/** Prometheus' relabelling: rules over labels, and an account of what each did. */
@NullMarked
package dev.psc.scrape.relabel;

import org.jspecify.annotations.NullMarked;
