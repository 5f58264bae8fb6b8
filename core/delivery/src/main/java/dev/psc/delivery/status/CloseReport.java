package dev.psc.delivery.status;

import dev.psc.delivery.Delivery;

/**
 * The result of {@link Delivery#close(java.time.Duration)}. Immutable.
 *
 * @param sent profiles sent during the call
 * @param spooled profiles that wait on disk for the next process
 * @param lost profiles neither sent nor written in time; counted as dropped with reason {@code
 *     closed}
 */
public record CloseReport(long sent, long spooled, long lost) {}
