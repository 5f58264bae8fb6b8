/** The numbers of the documentation, measured. */
@NullMarked
package dev.psc.examples.benchmarks;

import org.jspecify.annotations.NullMarked;
