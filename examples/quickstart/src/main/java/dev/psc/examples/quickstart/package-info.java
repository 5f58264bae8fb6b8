/** A demonstration in one process, from a fresh clone to real profiles in a store. */
@NullMarked
package dev.psc.examples.quickstart;

import org.jspecify.annotations.NullMarked;
