/** The gRPC sink for Polar Signals Cloud and Parca-compatible stores. */
@NullMarked
package dev.psc.store;

import org.jspecify.annotations.NullMarked;
