/** A table of how true the profiles of a running JVM are. */
@NullMarked
package dev.psc.examples.benchmarks.truth;

import org.jspecify.annotations.NullMarked;
