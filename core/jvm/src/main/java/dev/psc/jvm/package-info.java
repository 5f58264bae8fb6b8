/**
 * This JVM as a source of profiles: CPU, allocations, locks, heap and threads, pushed or at
 * /debug/pprof.
 */
@NullMarked
package dev.psc.jvm;

import org.jspecify.annotations.NullMarked;
