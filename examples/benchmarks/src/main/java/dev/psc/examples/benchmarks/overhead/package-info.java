/** The cost of profilers, measured in parallel under one load. */
@NullMarked
package dev.psc.examples.benchmarks.overhead;

import org.jspecify.annotations.NullMarked;
