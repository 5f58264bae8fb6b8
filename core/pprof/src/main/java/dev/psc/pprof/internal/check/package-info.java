/** The rules of the pprof format, checked on encoded profiles. */
@NullMarked
package dev.psc.pprof.internal.check;

import org.jspecify.annotations.NullMarked;
