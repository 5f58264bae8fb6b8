/** What every fetched profile goes through on its way to the receiver. */
@NullMarked
package dev.psc.scrape.transform;

import org.jspecify.annotations.NullMarked;
