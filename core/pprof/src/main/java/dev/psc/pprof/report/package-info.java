/** Reports of a profile: flame graph, top functions and call tree. */
@NullMarked
package dev.psc.pprof.report;

import org.jspecify.annotations.NullMarked;
