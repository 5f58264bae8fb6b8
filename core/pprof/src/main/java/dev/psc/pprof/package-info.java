/** Profiles in the pprof format: read, build, merge and compare. */
@NullMarked
package dev.psc.pprof;

import org.jspecify.annotations.NullMarked;
