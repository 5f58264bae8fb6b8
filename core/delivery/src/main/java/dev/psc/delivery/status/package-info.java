/** The state, the counters and the events of a delivery. */
@NullMarked
package dev.psc.delivery.status;

import org.jspecify.annotations.NullMarked;
