/** Interfaces that sources, transforms and sinks implement, and the types that they exchange. */
@NullMarked
package dev.psc.delivery.spi;

import org.jspecify.annotations.NullMarked;
