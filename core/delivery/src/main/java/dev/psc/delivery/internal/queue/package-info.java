/** The bounded queue of profiles in memory. */
@NullMarked
package dev.psc.delivery.internal.queue;

import org.jspecify.annotations.NullMarked;
