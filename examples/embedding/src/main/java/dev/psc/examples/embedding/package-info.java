/** A small web service that exports its own profiles, by push and by pull. */
@NullMarked
package dev.psc.examples.embedding;

import org.jspecify.annotations.NullMarked;
