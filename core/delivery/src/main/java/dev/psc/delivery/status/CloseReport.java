package dev.psc.delivery.status;

import dev.psc.delivery.Delivery;

/**
 * What {@link Delivery#close(java.time.Duration)} left behind. Immutable.
 *
 * @param sent profiles that were sent between the call and its end
 * @param spooled profiles that wait on disk for the next process
 * @param lost profiles that are lost because they were neither sent nor written in time; counted as
 *     dropped with reason {@code closed}
 */
public record CloseReport(long sent, long spooled, long lost) {}
