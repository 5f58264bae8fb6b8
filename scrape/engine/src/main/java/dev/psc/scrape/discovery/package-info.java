/**
 * Discovery of targets: the contract of discovery mechanisms, how a configuration names them, and
 * the adapter for those that poll.
 *
 * <p>Discovery describes targets in {@code __meta_*} labels; relabelling decides which are scraped.
 */
@NullMarked
package dev.psc.scrape.discovery;

import org.jspecify.annotations.NullMarked;
