/** Labels and the pprof codec: read, validate, repair, filter, delta, merge, flame graph. */
@NullMarked
package dev.psc.pprof;

import org.jspecify.annotations.NullMarked;
