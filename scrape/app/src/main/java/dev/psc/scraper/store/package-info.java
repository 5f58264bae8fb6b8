/** The connection to the store: token, channel, queue. */
@NullMarked
package dev.psc.scraper.store;

import org.jspecify.annotations.NullMarked;
