/**
 * From "here is a profile" to "stored, or counted as lost": the contracts of sources, transforms
 * and sinks, and the queue, spool and sender between them.
 */
@NullMarked
package dev.psc.delivery;

import org.jspecify.annotations.NullMarked;
