/** Sending: batches, retries, back-off and dead letters. */
@NullMarked
package dev.psc.delivery.internal.send;

import org.jspecify.annotations.NullMarked;
