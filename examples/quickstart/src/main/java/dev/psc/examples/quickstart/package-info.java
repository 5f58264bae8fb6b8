/** From a fresh clone to real profiles in a store, in one process. */
@NullMarked
package dev.psc.examples.quickstart;

import org.jspecify.annotations.NullMarked;
