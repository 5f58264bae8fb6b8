/** The live capture: a flight recorder stream that feeds the aggregation. */
@NullMarked
package dev.psc.jvm.internal.capture;

import org.jspecify.annotations.NullMarked;
