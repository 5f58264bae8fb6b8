/** Transforms of fetched profiles that a job may add. */
@NullMarked
package dev.psc.scrape.transform;

import org.jspecify.annotations.NullMarked;
