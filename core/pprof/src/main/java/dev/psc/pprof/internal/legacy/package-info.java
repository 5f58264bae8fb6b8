/** Converters of the profile formats that preceded pprof's protobuf. */
@NullMarked
package dev.psc.pprof.internal.legacy;

import org.jspecify.annotations.NullMarked;
