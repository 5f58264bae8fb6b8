/** The choice of the source of events, and the capture by async-profiler. */
@NullMarked
package dev.psc.jvm.internal.engine;

import org.jspecify.annotations.NullMarked;
