/**
 * Delivery of profiles, from acceptance to the store: the contracts of sources, transforms and
 * sinks, and the queue, spool and sender between them.
 */
@NullMarked
package dev.psc.delivery;

import org.jspecify.annotations.NullMarked;
