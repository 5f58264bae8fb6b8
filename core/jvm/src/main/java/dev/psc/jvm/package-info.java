/**
 * Profiles of the running JVM: CPU, allocations, locks, heap and threads, pushed to a store or
 * served at /debug/pprof.
 */
@NullMarked
package dev.psc.jvm;

import org.jspecify.annotations.NullMarked;
