/** Access to the running JVM: clocks, threads and diagnostic commands. */
@NullMarked
package dev.psc.jvm.internal.runtime;

import org.jspecify.annotations.NullMarked;
