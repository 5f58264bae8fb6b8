/** Measurements of the numbers in the documentation. */
@NullMarked
package dev.psc.examples.benchmarks;

import org.jspecify.annotations.NullMarked;
