/** The protobuf wire format, gzip, and the tables that the codec needs. */
@NullMarked
package dev.psc.pprof.internal.wire;

import org.jspecify.annotations.NullMarked;
