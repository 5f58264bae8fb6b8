/** Validation, repair, sample type filtering and deltas of encoded profiles. */
@NullMarked
package dev.psc.pprof.repair;

import org.jspecify.annotations.NullMarked;
