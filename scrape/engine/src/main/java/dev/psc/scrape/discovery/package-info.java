/**
 * Where targets come from: the contract of discovery mechanisms, how a configuration names them,
 * and the adapter for those that poll.
 *
 * <p>Discovery says what is there, in {@code __meta_*} labels, and decides nothing; relabelling
 * decides.
 */
@NullMarked
package dev.psc.scrape.discovery;

import org.jspecify.annotations.NullMarked;
