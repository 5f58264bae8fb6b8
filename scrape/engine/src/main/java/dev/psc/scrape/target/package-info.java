/** Jobs, and how they make targets of what discovery found. */
@NullMarked
package dev.psc.scrape.target;

import org.jspecify.annotations.NullMarked;
