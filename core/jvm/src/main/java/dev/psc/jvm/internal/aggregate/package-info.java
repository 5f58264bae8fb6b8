/** Samples added up by stack and labels, and their encoding as pprof. */
@NullMarked
package dev.psc.jvm.internal.aggregate;

import org.jspecify.annotations.NullMarked;
