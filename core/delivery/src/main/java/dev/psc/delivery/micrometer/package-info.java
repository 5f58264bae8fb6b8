/** Meters of a delivery for Micrometer, for applications that have it: an optional dependency. */
@NullMarked
package dev.psc.delivery.micrometer;

import org.jspecify.annotations.NullMarked;
