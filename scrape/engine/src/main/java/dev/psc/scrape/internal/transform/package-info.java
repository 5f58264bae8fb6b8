/** The transforms of every job: validation, repair and the difference of cumulative profiles. */
@NullMarked
package dev.psc.scrape.internal.transform;

import org.jspecify.annotations.NullMarked;
