/** Jobs, and the targets that they make from discovered groups. */
@NullMarked
package dev.psc.scrape.target;

import org.jspecify.annotations.NullMarked;
